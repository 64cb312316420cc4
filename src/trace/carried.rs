//! Work that goes on elsewhere as part of the trace in which it began.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::trace::current::Current;

/// Keeps a future in the trace in which it was made; for every future. For closures there is [`CurrentTrace`](crate::CurrentTrace).
pub trait InCurrentTrace: Future + Sized {
    /// Keeps this future in the trace that is current now, wherever it is polled; and with the baggage that is.
    ///
    /// For spawned tasks: what they do then belongs to the request that spawned them, also when its answer is already sent.
    ///
    /// ```
    /// use ecolaura_monitoring::InCurrentTrace as _;
    ///
    /// # async fn send_mail() {}
    /// # async fn handler() {
    /// tokio::spawn(send_mail().in_current_trace());
    /// # }
    /// ```
    fn in_current_trace(self) -> Carried<Self> {
        Carried {
            current: Some(Current::get()),
            future: self,
        }
    }
}

impl<F: Future> InCurrentTrace for F {}

pin_project! {
    /// A future that is polled in the trace in which it was made; see [`InCurrentTrace`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Carried<F> {
        current: Option<Current>,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Carried<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let before = this.current.take().unwrap_or_default().swap();
        let _entered = Entered {
            before: Some(before),
            current: this.current,
        };
        this.future.poll(cx)
    }
}

impl<F> std::fmt::Debug for Carried<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Carried").finish_non_exhaustive()
    }
}

/// The thread works on what was carried until this is dropped.
struct Entered<'a> {
    before: Option<Current>,
    current: &'a mut Option<Current>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            *self.current = Some(before.swap());
        }
    }
}
