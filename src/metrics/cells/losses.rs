//! What a family could not record: counted here, shown by the registry.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::metrics::cells::timestamp::Timestamp;

/// What one family could not record.
pub(crate) struct Losses {
    series: AtomicU64,
    observations: AtomicU64,
    /// Whether what is recorded is checked before, as that of histograms always is.
    is_checked: AtomicBool,
    since: Timestamp,
}

impl Losses {
    pub(crate) fn new() -> Self {
        Self {
            series: AtomicU64::new(0),
            observations: AtomicU64::new(0),
            is_checked: AtomicBool::new(false),
            since: Timestamp::now(),
        }
    }

    /// A label set found no room.
    pub(crate) fn series(&self) {
        self.series.fetch_add(1, Ordering::Relaxed);
    }

    /// Values are checked before they are recorded: how many are refused is shown, be it 0.
    #[cfg(feature = "business")]
    pub(crate) fn check(&self) {
        self.is_checked.store(true, Ordering::Relaxed);
    }

    /// A value cannot be recorded.
    #[cold]
    pub(crate) fn observation(&self) {
        self.observations.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused_series(&self) -> u64 {
        self.series.load(Ordering::Relaxed)
    }

    pub(crate) fn refused_observations(&self) -> u64 {
        self.observations.load(Ordering::Relaxed)
    }

    pub(crate) fn is_checked(&self) -> bool {
        self.is_checked.load(Ordering::Relaxed)
    }

    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }
}
