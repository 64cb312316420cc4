//! The layer for requests to other services: measures them, and takes the trace along.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::http::timeout;
use crate::observe::{End, Outgoing, Peer};

/// Measures requests to another service and takes the trace along; get it from
/// [`Monitoring::client_layer`](crate::Monitoring::client_layer).
#[derive(Clone, Copy)]
pub struct ClientLayer {
    /// `None` when telemetry is disabled: requests pass through.
    peer: Option<&'static Peer>,
}

impl ClientLayer {
    pub(crate) fn new(peer: Option<&'static Peer>) -> Self {
        Self { peer }
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = MonitorClient<S>;

    fn layer(&self, inner: S) -> MonitorClient<S> {
        MonitorClient {
            inner,
            peer: self.peer,
        }
    }
}

impl std::fmt::Debug for ClientLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientLayer")
            .field("service", &self.peer.map(Peer::name))
            .finish()
    }
}

/// A client whose requests are measured; see [`Monitoring::client_layer`](crate::Monitoring::client_layer).
#[derive(Clone)]
pub struct MonitorClient<S> {
    pub(super) inner: S,
    pub(super) peer: Option<&'static Peer>,
}

impl<S, B, ResponseB> Service<Request<B>> for MonitorClient<S>
where
    S: Service<Request<B>, Response = Response<ResponseB>>,
    S::Error: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ClientFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let outgoing = self.peer.map(|peer| {
            let outgoing = Outgoing::start(peer, request.method(), request.uri());
            outgoing.send_along(request.headers_mut());
            outgoing
        });
        ClientFuture::begin(outgoing, || self.inner.call(request))
    }
}

/// The head of an answer.
pub trait Answer {
    /// Its status.
    #[doc(hidden)]
    fn status(&self) -> StatusCode;
}

impl<B> Answer for Response<B> {
    fn status(&self) -> StatusCode {
        Response::status(self)
    }
}

pin_project! {
    /// The response of a [`MonitorClient`].
    ///
    /// Dropped before it is ready, the request counts as cancelled.
    pub struct ClientFuture<F> {
        #[pin]
        inner: F,
        outgoing: Option<Outgoing>,
    }
}

impl<F> ClientFuture<F> {
    /// Calls the service as part of what is sent.
    pub(super) fn begin(mut outgoing: Option<Outgoing>, call: impl FnOnce() -> F) -> Self {
        let entered = outgoing.as_ref().map(Outgoing::enter);
        let inner = call();
        drop(entered);
        if let Some(outgoing) = &mut outgoing {
            outgoing.waits(true);
        }
        Self { inner, outgoing }
    }
}

impl<F, R, E> Future for ClientFuture<F>
where
    F: Future<Output = Result<R, E>>,
    R: Answer,
    E: 'static,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Some(outgoing) = this.outgoing {
            outgoing.waits(false);
        }
        let entered = this.outgoing.as_ref().map(Outgoing::enter);
        let polled = this.inner.poll(cx);
        drop(entered);
        if let (Poll::Pending, Some(outgoing)) = (&polled, &mut *this.outgoing) {
            outgoing.waits(true);
        }
        if let (Poll::Ready(result), Some(outgoing)) = (&polled, this.outgoing) {
            outgoing.finish(match result {
                Ok(response) => End::Answered(response.status()),
                Err(error) if timeout::is_timeout(error) => End::Timeout,
                Err(_) => End::Failed,
            });
        }
        polled
    }
}

impl<S> std::fmt::Debug for MonitorClient<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MonitorClient")
            .field("service", &self.peer.map(Peer::name))
            .finish_non_exhaustive()
    }
}

impl<F> std::fmt::Debug for ClientFuture<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientFuture").finish_non_exhaustive()
    }
}
