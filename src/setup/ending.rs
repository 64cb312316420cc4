//! The end of the process: queued spans and lines are sent, and losses are reported.

use std::cell::Cell;

use crate::setup::monitoring::Monitoring;

thread_local! {
    /// Dropped when the thread that called `init` ends, which most likely is the main one.
    static END: Cell<Option<End>> = const { Cell::new(None) };
}

/// Finishes what `init` made when it is dropped.
struct End;

/// Finishes it once more when this thread ends: the last value that the service has may be dropped long before, or never.
pub(crate) fn finish_with_thread() {
    END.set(Some(End));
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(kept) = Monitoring::kept() {
            kept.finish();
        }
    }
}
