//! A moment of wall-clock time, as exposition formats want it.

use std::time::{Duration, SystemTime};

/// Nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(pub(crate) u64);

impl Timestamp {
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let since = since.unwrap_or(Duration::ZERO); // a clock that is set before 1970
        Self(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(crate) fn seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// What is left beyond whole seconds.
    pub(crate) fn nanoseconds(self) -> u32 {
        (self.0 % 1_000_000_000) as u32
    }
}
