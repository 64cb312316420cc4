//! Which traces are recorded and kept.

use std::time::Duration;

/// Which requests are traced.
///
/// Whoever begins a trace decides for it: a request with a `traceparent` is recorded if its sender says so. Of requests
/// that begin one, a share is recorded ([`ratio`](Self::ratio)), but no more a second than [`max_per_second`](Self::max_per_second). Of the others
/// those are kept that failed ([`keep_failed`](Self::keep_failed)) or took too long
/// ([`keep_slower_than`](Self::keep_slower_than)): their spans are collected meanwhile, and thrown away when all went well.
///
/// ```
/// use std::time::Duration;
/// use ecolaura_monitoring::{Monitoring, Sampling};
///
/// # fn main() -> Result<(), ecolaura_monitoring::Error> {
/// let tenth = Sampling::ratio(0.1).keep_slower_than(Duration::from_millis(500));
/// let monitoring = Monitoring::builder("ecolaura-api")
///     .traces(|traces| traces.sampling(tenth))
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    pub(crate) ratio: f64,
    pub(crate) asks_parent: bool,
    pub(crate) most_per_second: u32,
    pub(crate) keep_failed: bool,
    pub(crate) keep_slower_than: Option<Duration>,
}

/// New traces a second unless told otherwise.
const MOST_PER_SECOND: u32 = 100;

impl Default for Sampling {
    /// All, but no more than 100 a second that this service begins; and those that failed.
    fn default() -> Self {
        Self::ratio(1.0)
    }
}

impl Sampling {
    /// This share of the traces that begin here, from 0 to 1.
    ///
    /// Which ones is told by their ids, so that services with the same ratio record the same ones. A wrong number is an error of
    /// [`MonitoringBuilder::init`](crate::MonitoringBuilder::init).
    pub const fn ratio(ratio: f64) -> Self {
        Self {
            ratio,
            asks_parent: true,
            most_per_second: MOST_PER_SECOND,
            keep_failed: true,
            keep_slower_than: None,
        }
    }

    /// None, not even those that failed; what a sender asks for is still recorded.
    pub const fn none() -> Self {
        Self::ratio(0.0).keep_failed(false)
    }

    /// Whether a request with a `traceparent` is recorded as its sender says; else this service decides for itself, whatever the sender's id is.
    /// On by default.
    pub const fn parent_based(mut self, ask: bool) -> Self {
        self.asks_parent = ask;
        self
    }

    /// So many traces a second that begin here, at most. 100 by default; `u32::MAX` is no limit.
    ///
    /// Of those that are kept since they failed or took too long, a tenth of that, and one at least.
    pub const fn max_per_second(mut self, max: u32) -> Self {
        self.most_per_second = max;
        self
    }

    /// Whether to keep requests that panicked, ran into a timeout, were answered with 5xx, or whose client went away. On by default.
    pub const fn keep_failed(mut self, keep: bool) -> Self {
        self.keep_failed = keep;
        self
    }

    /// Keeps requests that took longer than this until their last byte; of a stream, until its head.
    pub const fn keep_slower_than(mut self, time: Duration) -> Self {
        self.keep_slower_than = Some(time);
        self
    }

    /// Whether some are kept that were not to be recorded.
    pub(crate) fn keeps(&self) -> bool {
        self.keep_failed || self.keep_slower_than.is_some()
    }

    /// How many a second those are at most.
    pub(crate) fn most_kept_per_second(&self) -> u32 {
        match self.most_per_second {
            u32::MAX => u32::MAX,
            most => (most / 10).max(1),
        }
    }

    /// Whether this trace belongs to a share of this size.
    ///
    /// As OpenTelemetry's `TraceIdRatioBased` has it in its libraries: by the lower 63 bits of the id.
    pub(crate) fn includes(ratio: f64, trace: [u64; 2]) -> bool {
        let bound = (ratio * (1u64 << 63) as f64) as u64;
        trace[1] >> 1 < bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_ids() {
        let ids: Vec<[u64; 2]> = (0..100_000).map(|_| crate::trace::id::trace()).collect();
        for (ratio, expected) in [(0.0, 0), (0.1, 10_000), (0.5, 50_000), (1.0, 100_000)] {
            let included = ids.iter().filter(|id| Sampling::includes(ratio, **id));
            let included = included.count();
            assert!(included.abs_diff(expected) < 1_000, "{ratio}: {included}");
        }
        // As the SDKs do, so that services of other languages record the same traces.
        assert!(Sampling::includes(0.5, [7, u64::MAX / 2]));
        assert!(!Sampling::includes(0.5, [7, u64::MAX / 2 + 1]));
        assert!(Sampling::includes(1.0, [u64::MAX; 2]));
    }
}
