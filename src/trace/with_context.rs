//! Futures that work in another context than that of the thread that polls them.

use std::pin::Pin;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::trace::baggage::Baggage;
use crate::trace::current::{Carrying, Current};

#[cfg(feature = "traces")]
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
    fn in_current_trace(self) -> WithContext<Self> {
        WithContext {
            context: Context::All(Some(Current::get())),
            future: self,
        }
    }
}

#[cfg(feature = "traces")]
impl<F: Future> InCurrentTrace for F {}

/// Does a future's work with other baggage; for every future.
pub trait WithBaggage: Future + Sized {
    /// Makes this the [current](Baggage::current) baggage while this future works, and part of the requests that it sends.
    ///
    /// ```
    /// use ecolaura_monitoring::{Baggage, WithBaggage as _};
    ///
    /// # async fn charge() {}
    /// # async fn handler() {
    /// charge().with_baggage(Baggage::current().with("plan", "forest")).await;
    /// # }
    /// ```
    fn with_baggage(self, baggage: Baggage) -> WithContext<Self> {
        WithContext {
            context: Context::Baggage(baggage),
            future: self,
        }
    }
}

impl<F: Future> WithBaggage for F {}

/// What a future works with.
enum Context {
    /// All that the thread worked for where the future was made; taken while it is polled.
    #[cfg_attr(not(feature = "traces"), allow(dead_code))]
    All(Option<Current>),
    /// Other baggage, and the rest of where it is polled.
    Baggage(Baggage),
}

pin_project! {
    /// A future that works in another context; see [`InCurrentTrace`](crate::InCurrentTrace) and [`WithBaggage`].
    #[must_use = "futures do nothing unless polled"]
    pub struct WithContext<F> {
        context: Context,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for WithContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match this.context {
            Context::All(current) => {
                let before = current.take().unwrap_or_default().swap();
                let _entered = Entered {
                    before: Some(before),
                    current,
                };
                this.future.poll(cx)
            }
            Context::Baggage(baggage) => {
                let _carrying = Carrying::begin(baggage.clone());
                this.future.poll(cx)
            }
        }
    }
}

impl<F> std::fmt::Debug for WithContext<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WithContext").finish_non_exhaustive()
    }
}

/// The thread works in the future's context until this is dropped.
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
