//! A wish that all that waits is sent, and how it is answered.

use std::time::Instant;

/// Somebody waits until the spans that wait now are sent.
pub(super) struct Flush {
    /// Until when they are to be sent.
    pub(super) by: Instant,
    /// The process may end after it: what was not sent is reported.
    pub(super) is_last: bool,
    /// Told whether all was sent. Dropped where the exporter is gone.
    pub(super) done: Box<dyn FnOnce(bool) + Send>,
    /// The spans are those that are taken before this many are. Known when the worker has read the wish.
    pub(super) until: u64,
    /// Why the collector cannot be reached: the rest is not tried.
    pub(super) failed: Option<String>,
    /// Why the collector refused some of them: the rest is still sent.
    pub(super) refused: Option<String>,
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
