//! What is tried of an alert: its cases, and what follows from the first of them.

use crate::prometheus::alert::{Alert, Case, Source, Told, within};
use crate::prometheus::trial::pace::Pace;

/// In minutes.
const DAY: u32 = 24 * 60;

/// Series, and the alerts that fire on them, as values of their labels.
#[derive(Clone, Debug)]
pub(super) struct Try {
    pub(super) about: String,
    pub(super) series: Vec<Told>,
    /// In minutes.
    pub(super) at: u32,
    pub(super) pace: Pace,
    pub(super) fires: Vec<Vec<String>>,
}

/// All that is tried of an alert.
pub(super) fn tries(alert: &Alert) -> Vec<Try> {
    let first = alert.cases.iter().find(|case| !case.fires.is_empty());
    let mut all: Vec<Try> = alert
        .cases
        .iter()
        .map(|case| Try::of(alert, case))
        .collect();
    let Some(first) = first else {
        return all;
    };
    if alert.minutes() > 0 {
        all.extend(not_before_its_time(alert, first));
    }
    // What is not there has no environment, nor have Prometheus and Alertmanager.
    if !alert.is_about_absence() && alert.source != Source::Pipeline {
        all.push(in_two_environments(alert, first));
    }
    all
}

impl Try {
    fn of(alert: &Alert, case: &Case) -> Self {
        let names = |names: &&[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            about: case.about.to_owned(),
            series: case.series.clone(),
            at: case.at,
            pace: Pace::of(&alert.expr, case.at),
            fires: case.fires.iter().map(names).collect(),
        }
    }
}

/// Just before its expression has held for as long as it must, and just after.
fn not_before_its_time(alert: &Alert, first: &Case) -> [Try; 2] {
    let pace = match alert.minutes() {
        // A quarter of an hour is little of days.
        DAY.. => Pace::Days,
        minutes => match Pace::of(&alert.expr, alert.holds + minutes) {
            Pace::Days => Pace::Hours,
            pace => pace,
        },
    };
    let fires_at = pace.from(pace.from(alert.holds) + alert.minutes());
    // While what was found by the evaluation before is still known.
    let before = match pace {
        Pace::Days => fires_at - pace.minutes() + 1,
        Pace::Hours | Pace::Minutes => fires_at - 1 - alert.earlier_in_3(),
    };
    let whole = Try {
        pace,
        ..Try::of(alert, first)
    };
    let before = Try {
        about: format!("{}, and not for long enough yet", first.about),
        at: before,
        fires: Vec::new(),
        ..whole.clone()
    };
    let after = Try {
        about: format!("{}, for just long enough", first.about),
        at: fires_at + 1,
        ..whole
    };
    [before, after]
}

/// The same in each of two environments, which are told apart.
fn in_two_environments(alert: &Alert, first: &Case) -> Try {
    // Of no kit: some alerts know their environments, which are not alike.
    const TWO: [&str; 2] = ["first", "second"];
    let mut both = Try {
        about: format!("{}, in two environments", first.about),
        series: Vec::new(),
        fires: Vec::new(),
        ..Try::of(alert, first)
    };
    for environment in TWO {
        both.series.extend(within(environment, &first.series));
        let mut fires = Try::of(alert, first).fires;
        fires
            .iter_mut()
            .for_each(|one| one.push(environment.to_owned()));
        both.fires.extend(fires);
    }
    both
}
