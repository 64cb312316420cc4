//! Work that is done with other baggage.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::trace::baggage::Baggage;
use crate::trace::current::Carrying;

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
    fn with_baggage(self, baggage: Baggage) -> CarryingBaggage<Self> {
        CarryingBaggage {
            baggage,
            future: self,
        }
    }
}

impl<F: Future> WithBaggage for F {}

pin_project! {
    /// A future that works with other baggage; see [`WithBaggage`].
    #[must_use = "futures do nothing unless polled"]
    pub struct CarryingBaggage<F> {
        baggage: Baggage,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for CarryingBaggage<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = Carrying::begin(this.baggage.clone());
        this.future.poll(cx)
    }
}

impl<F> std::fmt::Debug for CarryingBaggage<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CarryingBaggage").finish_non_exhaustive()
    }
}
