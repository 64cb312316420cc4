//! The four tiers of alerts.

/// How much an alert matters: the label `severity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Noteworthy: kept for later.
    Info,
    /// Wants attention, not now.
    Warning,
    /// Wants to be dealt with before users notice.
    Error,
    /// Users notice: somebody is woken up.
    Critical,
}

impl Tier {
    /// All tiers, the one that matters least first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}
