//! Flushes: that all that waits is sent, and how that is answered.

use std::time::Instant;

use crate::otlp::client::Failure;

/// Somebody waits until the spans that wait now are sent.
pub(super) struct Flush {
    /// Until when they are to be sent.
    pub(super) by: Instant,
    /// The process may end after it: what was not sent is reported.
    pub(super) is_last: bool,
    /// Told whether all was sent. Dropped where the exporter is gone.
    pub(super) done: Box<dyn FnOnce(bool) + Send>,
    /// The spans are those that are taken before this many are. Known when the worker has read it.
    pub(super) until: u64,
    /// Why the collector cannot be reached: the rest is not tried.
    failed: Option<String>,
    /// Why the collector refused some of them: the rest is still sent.
    refused: Option<String>,
}

impl Flush {
    pub(super) fn new(
        by: Instant,
        is_last: bool,
        done: impl FnOnce(bool) + Send + 'static,
    ) -> Self {
        Self {
            by,
            is_last,
            done: Box::new(done),
            until: u64::MAX,
            failed: None,
            refused: None,
        }
    }
}

/// A flush that is over.
pub(super) struct Settled {
    pub(super) flush: Flush,
    pub(super) unsent: usize,
    /// Why, where some were not sent for another reason than time.
    pub(super) why: Option<String>,
}

impl Settled {
    pub(super) fn is_sent(&self) -> bool {
        self.why.is_none() && self.unsent == 0
    }
}

/// The flushes under way.
#[derive(Default)]
pub(super) struct Flushes(Vec<Flush>);

impl Flushes {
    /// Adds one for the spans that are taken before this many are.
    pub(super) fn add(&mut self, flush: Flush, until: u64) {
        self.0.push(Flush { until, ..flush });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// None takes longer than this.
    pub(super) fn end_by(&mut self, by: Instant) {
        for flush in &mut self.0 {
            flush.by = flush.by.min(by);
        }
    }

    /// Until when each of them has time.
    pub(super) fn times(&self) -> impl Iterator<Item = Instant> {
        self.0.iter().map(|flush| flush.by)
    }

    /// Whether the process may end after one of them.
    pub(super) fn has_last(&self) -> bool {
        self.0.iter().any(|flush| flush.is_last)
    }

    /// How many spans are taken before all that they are about are.
    pub(super) fn until(&self) -> u64 {
        let all = self.0.iter().map(|flush| flush.until);
        all.max().unwrap_or_default()
    }

    /// A batch has failed before which this many spans were taken.
    pub(super) fn failed(&mut self, first: u64, failure: &Failure) {
        for flush in self.0.iter_mut().filter(|flush| first < flush.until) {
            let why = Some(failure.why.clone());
            if failure.is_passing {
                flush.failed = why;
            } else {
                flush.refused = why;
            }
        }
    }

    /// Takes out those whose spans were sent, or will not be in time. `unsent` says how many of those until a place are not sent, and
    /// `is_late` whether nothing can be sent by then.
    pub(super) fn settled(
        &mut self,
        unsent: impl Fn(u64) -> usize,
        is_late: impl Fn(Instant) -> bool,
    ) -> Vec<Settled> {
        let mut settled = Vec::new();
        for mut flush in std::mem::take(&mut self.0) {
            let unsent = unsent(flush.until);
            let failed = flush.failed.take();
            if failed.is_none() && unsent > 0 && !is_late(flush.by) {
                self.0.push(flush);
                continue;
            }
            let why = failed.or(flush.refused.take());
            settled.push(Settled { flush, unsent, why });
        }
        settled
    }
}
