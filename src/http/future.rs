//! The future: waits for the head and hands the measurement to the body.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;

use crate::http::body::ResponseBody;
use crate::http::timeout;
use crate::label::Method;
use crate::observe::{Head, Request};
use crate::outcome::Outcome;

pin_project! {
    /// The response of a [`Monitor`](crate::http::Monitor).
    ///
    /// Dropped before it is ready, the request counts as cancelled.
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        request: Option<Request>,
        method: Method,
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) fn new(inner: F, request: Option<Request>, method: Method) -> Self {
        Self {
            inner,
            request,
            method,
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: 'static,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(request) = this.request.as_mut() else {
            let response = ready!(this.inner.poll(cx))?;
            return Poll::Ready(Ok(response.map(ResponseBody::unmeasured)));
        };
        let result = ready!(request.run(|| this.inner.poll(cx)));
        let request = this.request.take();
        Poll::Ready(match result {
            Ok(response) => Ok(match request {
                Some(request) => answered(response, request, *this.method),
                None => response.map(ResponseBody::unmeasured),
            }),
            Err(error) => {
                if let Some(request) = request {
                    request.failed(match timeout::is_timeout(&error) {
                        true => Outcome::Timeout,
                        false => Outcome::ServerError,
                    });
                }
                Err(error)
            }
        })
    }
}

/// What the content type says of the body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Plain,
    Events,
    Grpc,
}

fn content(headers: &HeaderMap) -> Content {
    match headers.get(CONTENT_TYPE).map(|value| value.as_bytes()) {
        Some(value) if value.starts_with(b"text/event-stream") => Content::Events,
        Some(value) if value.starts_with(b"application/grpc") => Content::Grpc,
        _ => Content::Plain,
    }
}

/// Tells the measurement what the head says, and gives it to the body unless it is finished.
fn answered<B: Body>(
    response: Response<B>,
    mut request: Request,
    method: Method,
) -> Response<ResponseBody<B>> {
    let status = response.status();
    if is_upgrade(status, method) {
        request.answered(status, Head::Upgrade);
        return upgraded(response, request);
    }
    let content = content(response.headers());
    request.answered(
        status,
        match content {
            Content::Events if !has_no_body(status, method) => Head::Events,
            _ => Head::Body,
        },
    );
    let grpc = (content == Content::Grpc).then(|| grpc_status(response.headers()));
    if has_no_body(status, method) || response.body().is_end_stream() {
        request.completed(grpc.map(|in_head| in_head.unwrap_or(UNKNOWN)));
        return response.map(ResponseBody::unmeasured);
    }
    let length = response
        .body()
        .size_hint()
        .exact()
        .or_else(|| declared_length(response.headers()));
    response.map(|body| ResponseBody::measured(body, request, length, grpc))
}

/// The status of a gRPC call that ends without one.
pub(crate) const UNKNOWN: u16 = 2;

/// `grpc-status`, in the head of a call without messages or in the trailers.
pub(crate) fn grpc_status(headers: &HeaderMap) -> Option<u16> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(http::header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

fn is_upgrade(status: StatusCode, method: Method) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS || (method == Method::Connect && status.is_success())
}

/// Answers whose body the server does not send, whatever it is.
fn has_no_body(status: StatusCode, method: Method) -> bool {
    method == Method::Head
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

#[cfg(feature = "server")]
fn upgraded<B: Body>(mut response: Response<B>, request: Request) -> Response<ResponseBody<B>> {
    let upgraded = crate::http::Upgraded::new(request);
    response.extensions_mut().insert(upgraded);
    response.map(ResponseBody::unmeasured)
}

#[cfg(not(feature = "server"))]
fn upgraded<B: Body>(response: Response<B>, request: Request) -> Response<ResponseBody<B>> {
    drop(request); // nobody sees the life of the connection
    response.map(ResponseBody::unmeasured)
}
