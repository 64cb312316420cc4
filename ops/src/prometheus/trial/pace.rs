//! How often rules are evaluated while their cases are tried.

/// From so many minutes on rules are evaluated less often: promtool would take minutes for days.
const LONG: u32 = 120;
/// From so many on, still less often.
const DAYS: u32 = 1000;

/// How often rules are evaluated in a file of tests.
///
/// A case is looked at just after an evaluation: an alert, like any series, is known for five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Every minute.
    Minutes,
    /// Every four.
    Hours,
    /// Every quarter of an hour.
    Days,
}

impl Pace {
    pub(crate) const ALL: [Self; 3] = [Self::Minutes, Self::Hours, Self::Days];

    /// The one for an expression that is looked at after so many minutes.
    pub(crate) fn of(expr: &str, at: u32) -> Self {
        // An alert that asks whether it fires must know it still from the evaluation before.
        let asks_itself = expr.contains("ALERTS{");
        match at {
            ..=LONG => Self::Minutes,
            at if at <= DAYS || asks_itself => Self::Hours,
            _ => Self::Days,
        }
    }

    /// The file of its cases.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Minutes => "alerts.test.yml",
            Self::Hours => "alerts-over-hours.test.yml",
            Self::Days => "alerts-over-days.test.yml",
        }
    }

    /// The minutes between evaluations.
    pub(crate) fn minutes(self) -> u32 {
        match self {
            Self::Minutes => 1,
            Self::Hours => 4,
            Self::Days => 15,
        }
    }

    /// The first evaluation from this minute on.
    pub(super) fn from(self, minute: u32) -> u32 {
        minute.next_multiple_of(self.minutes())
    }
}
