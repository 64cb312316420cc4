//! The future of a monitored function that returns one: the call lasts from its first poll to its end.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::observe::function::{Call, Site};
use crate::observe::misuse;

pin_project! {
    /// A future that counts as one call. It has the auto traits of the inner future.
    pub struct Measured<F, S> {
        // `None` after the first poll.
        site: Option<&'static Site>,
        call: Option<Call>,
        status: S,
        #[pin]
        future: F,
    }
}

impl<F: UnwindSafe, S> UnwindSafe for Measured<F, S> {}
impl<F: RefUnwindSafe, S> RefUnwindSafe for Measured<F, S> {}

impl<F: Future, S: Fn(&F::Output) -> u16> Measured<F, S> {
    /// `status` returns the status of the output.
    #[inline]
    pub fn new(site: &'static Site, future: F, status: S) -> Self {
        Self {
            site: Some(site),
            call: None,
            status,
            future,
        }
    }
}

impl<F: Future, S: Fn(&F::Output) -> u16> Future for Measured<F, S> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let call = match this.site.take() {
            Some(site) => {
                misuse::check(site);
                Some(Call::start(site))
            }
            None => this.call.take(),
        };
        // Polled after its end: the inner future decides what happens.
        let Some(mut call) = call else {
            return this.future.poll(cx);
        };
        call.waits(false);
        // Held on the stack, so that a panic drops it at once.
        let entered = call.enter();
        let polled = this.future.poll(cx);
        drop(entered);
        match &polled {
            Poll::Ready(output) => call.finish((this.status)(output)),
            Poll::Pending => {
                call.waits(true);
                *this.call = Some(call);
            }
        }
        polled
    }
}
