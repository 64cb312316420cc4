//! The trace in which closures go on elsewhere.

use std::fmt;

use crate::trace::current::{Current, Entered};

/// What a thread works on, for closures that run on others: in `spawn_blocking`, in threads, in rayon.
///
/// ```
/// use ecolaura_monitoring::CurrentTrace;
///
/// # fn thumbnail() {}
/// # async fn handler() {
/// let trace = CurrentTrace::get();
/// tokio::task::spawn_blocking(move || trace.in_scope(thumbnail));
/// # }
/// ```
///
/// The spans and log lines of `thumbnail` then belong to the request, and requests that it sends have its trace and its baggage. For futures there
/// is [`InCurrentTrace`](crate::InCurrentTrace). Under the subscriber that `init` installs, `tracing::Span::current()` does the same; see
/// [`CurrentSpans`](crate::CurrentSpans).
#[derive(Clone)]
pub struct CurrentTrace(Current);

impl CurrentTrace {
    /// That of this thread. Where it works on no request, that is what closures do not work on, either.
    pub fn get() -> Self {
        Self(Current::get())
    }

    /// Runs a closure as part of the trace, on whatever thread.
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = Entered::to(self.0.clone());
        work()
    }
}

impl fmt::Debug for CurrentTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_tuple("CurrentTrace");
        if let Some(context) = self.0.context {
            shown.field(&context);
        }
        shown.finish()
    }
}
