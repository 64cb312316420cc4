//! The least that a measurement can cost: the clock twice and three adds, and the layer that carries them.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// A count, a sum and a bucket: resolved before any request.
pub(crate) struct Handles {
    count: AtomicU64,
    sum: AtomicU64,
    bucket: AtomicU64,
}

impl Handles {
    pub(crate) const fn new() -> Self {
        Self {
            count: AtomicU64::new(0),
            sum: AtomicU64::new(0),
            bucket: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(crate) fn record(&self, started: Instant) {
        let nanoseconds = started.elapsed().as_nanos() as u64;
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(nanoseconds, Ordering::Relaxed);
        self.bucket.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a layer carries from the call of the service to the end of the response body; its drop is the end.
pub(crate) trait Carried: Send + Sync + 'static {
    fn start() -> Self;
}

/// Nothing: what is left is the price of a layer that changes the type of the future and of the body.
pub(crate) struct Nothing;

impl Carried for Nothing {
    fn start() -> Self {
        Nothing
    }
}

/// The floor.
pub(crate) struct Timer(Instant);

impl Carried for Timer {
    fn start() -> Self {
        Timer(Instant::now())
    }
}

impl Drop for Timer {
    #[inline]
    fn drop(&mut self) {
        static HANDLES: Handles = Handles::new();
        HANDLES.record(self.0);
    }
}

/// The layer that carries a `C`.
pub(crate) struct Carry<C>(std::marker::PhantomData<fn() -> C>);

impl<C> Carry<C> {
    pub(crate) fn layer() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<C> Clone for Carry<C> {
    fn clone(&self) -> Self {
        Self::layer()
    }
}

impl<C, S> Layer<S> for Carry<C> {
    type Service = Carrying<C, S>;

    fn layer(&self, inner: S) -> Carrying<C, S> {
        Carrying {
            inner,
            carried: self.0,
        }
    }
}

pub(crate) struct Carrying<C, S> {
    inner: S,
    carried: std::marker::PhantomData<fn() -> C>,
}

impl<C, S: Clone> Clone for Carrying<C, S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            carried: self.carried,
        }
    }
}

impl<C, S, B, R> Service<Request<B>> for Carrying<C, S>
where
    C: Carried,
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<CarryingBody<C, R>>;
    type Error = S::Error;
    type Future = CarryingFuture<C, S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let carried = Some(C::start());
        CarryingFuture {
            inner: self.inner.call(request),
            carried,
        }
    }
}

pin_project! {
    pub(crate) struct CarryingFuture<C, F> {
        #[pin]
        inner: F,
        carried: Option<C>,
    }
}

impl<C, F, R, E> Future for CarryingFuture<C, F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<CarryingBody<C, R>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        let carried = this.carried.take();
        Poll::Ready(Ok(response.map(|inner| CarryingBody { inner, carried })))
    }
}

pin_project! {
    pub(crate) struct CarryingBody<C, B> {
        #[pin]
        inner: B,
        carried: Option<C>,
    }
}

impl<C, B: Body> Body for CarryingBody<C, B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let polled = ready!(this.inner.poll_frame(cx));
        if polled.is_none() {
            drop(this.carried.take());
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
