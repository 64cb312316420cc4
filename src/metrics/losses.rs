//! What one family could not record.

use std::sync::atomic::{AtomicU64, Ordering};

/// What one family could not record.
pub(crate) struct Losses {
    series: AtomicU64,
    observations: AtomicU64,
}

impl Losses {
    pub(crate) const fn new() -> Self {
        Self {
            series: AtomicU64::new(0),
            observations: AtomicU64::new(0),
        }
    }

    /// A label set found no room.
    pub(crate) fn series(&self) {
        self.series.fetch_add(1, Ordering::Relaxed);
    }

    /// A value cannot be recorded.
    #[cold]
    pub(crate) fn observation(&self) {
        self.observations.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn series_refused(&self) -> u64 {
        self.series.load(Ordering::Relaxed)
    }

    pub(crate) fn observations_refused(&self) -> u64 {
        self.observations.load(Ordering::Relaxed)
    }
}
