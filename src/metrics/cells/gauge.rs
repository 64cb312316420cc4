//! Gauges: a number that is set, or goes up and down.

use std::sync::atomic::{AtomicU64, Ordering};

/// The cell of a gauge: the bits of an `f64`.
pub(crate) struct GaugeCell(AtomicU64);

impl GaugeCell {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0)) // the bits of 0.0
    }

    #[inline]
    pub(crate) fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn add(&self, amount: f64) {
        let add = |bits| Some((f64::from_bits(bits) + amount).to_bits());
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    pub(crate) fn value(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}
