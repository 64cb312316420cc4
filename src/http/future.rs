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
        Some(value) if is_type(value, b"text/event-stream", b"; \t") => Content::Events,
        // Not gRPC-Web, which has its trailers in the body.
        Some(value) if is_type(value, b"application/grpc", b"+; \t") => Content::Grpc,
        _ => Content::Plain,
    }
}

/// Whether a content type starts with this one, in any case, and goes on only with one of these bytes.
fn is_type(value: &[u8], name: &[u8], next: &[u8]) -> bool {
    let start = value.get(..name.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(name))
        && value.get(name.len()).is_none_or(|byte| next.contains(byte))
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
    let length = response
        .body()
        .size_hint()
        .exact()
        .or_else(|| declared_length(response.headers()));
    let is_empty = response.body().is_end_stream() || (grpc.is_none() && length == Some(0));
    if is_empty || has_no_body(status, method) {
        request.completed(grpc.map(|in_head| in_head.unwrap_or(UNKNOWN)));
        return response.map(ResponseBody::unmeasured);
    }
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
