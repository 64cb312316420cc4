//! Run code so that `#[monitor]` in it records to a given monitoring.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::observe;
use crate::setup::Monitoring;

impl Monitoring {
    /// Runs a closure whose monitored functions record here, not to the monitoring of the process.
    pub fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        observe::outside(self.meter(), work)
    }

    /// A future whose monitored functions record here, not to the monitoring of the process.
    pub fn scope<F: Future>(&self, inner: F) -> WithMonitoring<F> {
        WithMonitoring {
            inner,
            monitoring: self.clone(),
        }
    }
}

pin_project! {
    /// Made by [`Monitoring::scope`](crate::Monitoring::scope).
    #[derive(Debug)]
    pub struct WithMonitoring<F> {
        #[pin]
        inner: F,
        monitoring: Monitoring,
    }
}

impl<F: Future> Future for WithMonitoring<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.monitoring.enter(|| this.inner.poll(cx))
    }
}
