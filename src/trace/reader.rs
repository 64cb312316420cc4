//! Whether the events of this crate have a reader.

use std::sync::atomic::{AtomicBool, Ordering};

/// The subscriber of the process is ours, and takes spans alone.
static TAKES_SPANS_ALONE: AtomicBool = AtomicBool::new(false);

/// Whether a subscriber of `tracing` takes events: else warnings go to standard error.
pub(crate) fn has_reader() -> bool {
    tracing::dispatcher::has_been_set() && !TAKES_SPANS_ALONE.load(Ordering::Relaxed)
}

/// The subscriber of the process takes spans alone.
#[cfg(all(feature = "logs", feature = "traces"))]
pub(crate) fn takes_spans_alone() {
    TAKES_SPANS_ALONE.store(true, Ordering::Relaxed);
}
