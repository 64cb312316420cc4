//! Of which traces exemplars are kept, in the whole process: the environment, which says so, is the process' too.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::trace_context::TraceContext;

/// Of which traces exemplars are kept: `OTEL_METRICS_EXEMPLAR_FILTER`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExemplarFilter {
    /// Of those that are recorded.
    #[default]
    TraceBased = 0,
    /// Of all.
    AlwaysOn = 1,
    /// Of none.
    AlwaysOff = 2,
}

static CHOSEN: AtomicU8 = AtomicU8::new(ExemplarFilter::TraceBased as u8);

impl ExemplarFilter {
    /// Makes this the one that counts.
    pub(crate) fn choose(self) {
        CHOSEN.store(self as u8, Ordering::Relaxed);
    }

    /// Whether an exemplar of this trace is kept.
    #[inline]
    pub(crate) fn admits(context: &TraceContext) -> bool {
        const ON: u8 = ExemplarFilter::AlwaysOn as u8;
        const OFF: u8 = ExemplarFilter::AlwaysOff as u8;
        match CHOSEN.load(Ordering::Relaxed) {
            ON => true,
            OFF => false,
            _ => context.is_sampled(),
        }
    }
}
