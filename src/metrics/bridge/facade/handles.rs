//! What the `metrics` crate's handles write to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::metrics::cells::gauge::GaugeCell;
use crate::metrics::cells::histogram::HistogramCells;
use crate::metrics::cells::stripe::Count;

/// A series' cells: the crate's handles hold them by `Arc`, of which each series has one.
pub(crate) enum Cells {
    Counter(Arc<CounterCells>),
    Gauge(Arc<GaugeCells>),
    Histogram(Arc<RecordedCells>),
}

/// A counter that can also be told how much there is.
///
/// What was told beyond what was added is kept apart, since a [`Count`] is spread over threads and can only be added to. Both parts only grow.
pub(crate) struct CounterCells {
    added: Count,
    beyond: AtomicU64,
}

impl CounterCells {
    pub(crate) const fn new() -> Self {
        Self {
            added: Count::new(),
            beyond: AtomicU64::new(0),
        }
    }

    pub(crate) fn value(&self) -> u64 {
        let beyond = self.beyond.load(Ordering::Relaxed);
        self.added.value().wrapping_add(beyond)
    }
}

impl metrics::CounterFn for CounterCells {
    fn increment(&self, value: u64) {
        self.added.add(value);
    }

    /// Raises the counter to this value; what is added meanwhile counts as added after it.
    fn absolute(&self, value: u64) {
        let beyond = value.saturating_sub(self.added.value());
        self.beyond.fetch_max(beyond, Ordering::Relaxed);
    }
}

pub(crate) struct GaugeCells(GaugeCell);

impl GaugeCells {
    pub(crate) const fn new() -> Self {
        Self(GaugeCell::new())
    }

    pub(crate) fn value(&self) -> f64 {
        self.0.value()
    }
}

impl metrics::GaugeFn for GaugeCells {
    fn increment(&self, value: f64) {
        self.0.add(value);
    }

    fn decrement(&self, value: f64) {
        self.0.add(-value);
    }

    fn set(&self, value: f64) {
        self.0.set(value);
    }
}

pub(crate) struct RecordedCells(pub(crate) HistogramCells);

impl metrics::HistogramFn for RecordedCells {
    fn record(&self, value: f64) {
        self.0.observe(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::CounterFn as _;

    #[test]
    fn a_counter_is_raised_and_never_lowered() {
        let counter = CounterCells::new();
        counter.increment(5);
        for (told, expected) in [(3, 5), (10, 10), (10, 10), (0, 10)] {
            counter.absolute(told);
            assert_eq!(counter.value(), expected);
        }
        counter.increment(1);
        for (told, expected) in [(10, 11), (12, 12), (u64::MAX, u64::MAX)] {
            counter.absolute(told);
            assert_eq!(counter.value(), expected);
        }
    }

    /// Each step lies between what was told and that plus all that was added.
    #[test]
    fn threads_that_tell_and_threads_that_add_agree() {
        let counter = CounterCells::new();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..20_000).for_each(|_| counter.increment(1)));
                scope.spawn(|| (0..20_000).for_each(|n| counter.absolute(n)));
            }
            let mut before = 0;
            for _ in 0..20_000 {
                let now = counter.value();
                assert!(now >= before, "{now} after {before}");
                before = now;
            }
        });
        assert!((40_000..60_000).contains(&counter.value()));
        counter.absolute(100_000);
        assert_eq!(counter.value(), 100_000);
    }
}
