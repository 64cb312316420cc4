//! The layer that many services write themselves: a counter and a histogram of the `prometheus` crate.

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::extract::MatchedPath;
use http::{Method, Request, Response};
use pin_project_lite::pin_project;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts};
use tower_layer::Layer;
use tower_service::Service;

const LABELS: &[&str] = &["method", "endpoint", "status_code"];

static COUNT: LazyLock<IntCounterVec> = LazyLock::new(|| {
    IntCounterVec::new(Opts::new("http_requests_total", "Requests."), LABELS).expect("a good name")
});

static LATENCY: LazyLock<HistogramVec> = LazyLock::new(|| {
    let options = HistogramOpts::new("http_request_duration_seconds", "Time.");
    HistogramVec::new(options, LABELS).expect("a good name")
});

#[derive(Clone)]
pub(crate) struct ByHand;

impl<S> Layer<S> for ByHand {
    type Service = Measured<S>;

    fn layer(&self, inner: S) -> Measured<S> {
        Measured { inner }
    }
}

#[derive(Clone)]
pub(crate) struct Measured<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Measured<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = MeasuredFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let started = Instant::now();
        let method = request.method().clone();
        let path = request.extensions().get::<MatchedPath>().cloned();
        MeasuredFuture {
            inner: self.inner.call(request),
            started,
            method,
            path,
        }
    }
}

pin_project! {
    pub(crate) struct MeasuredFuture<F> {
        #[pin]
        inner: F,
        started: Instant,
        method: Method,
        path: Option<MatchedPath>,
    }
}

impl<F, R, E> Future for MeasuredFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        let status = response.status();
        let path = this.path.as_ref().map_or("unmatched", MatchedPath::as_str);
        let labels = [this.method.as_str(), path, status.as_str()];
        COUNT.with_label_values(&labels).inc();
        LATENCY
            .with_label_values(&labels)
            .observe(this.started.elapsed().as_secs_f64());
        Poll::Ready(Ok(response))
    }
}
