//! The future: waits for the head and hands the measurement to the body.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

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
        pub(crate) inner: F,
        pub(crate) request: Option<Request>,
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: 'static,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(request) = this.request.as_mut() else {
            let polled = this.inner.poll(cx);
            return polled.map_ok(|response| response.map(ResponseBody::unmeasured));
        };
        let working = request.enter();
        // The response stays where the service wrote it until all is seen: every move of it takes time.
        let mut polled = this.inner.poll(cx);
        working.leave(match &polled {
            Poll::Ready(Ok(response)) => Some(response.status()),
            _ => None,
        });
        let mut announced = Announced::Nothing;
        match &mut polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(response)) if is_upgrade(response.status(), request.method()) => {
                request.answered(response.status(), Head::Upgrade);
                upgraded(response, this.request.take());
            }
            Poll::Ready(Ok(response)) => match answered(response, request) {
                Some(follows) => announced = follows,
                None => *this.request = None,
            },
            Poll::Ready(Err(error)) => {
                request.failed(match timeout::is_timeout(error) {
                    true => Outcome::Timeout,
                    false => Outcome::ServerError,
                });
                *this.request = None;
            }
        }
        polled.map_ok(|response| {
            response.map(|body| ResponseBody::measured(body, this.request.take(), announced))
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

/// What the head says of the end of the body.
#[derive(Clone, Copy, Default)]
pub(crate) enum Announced {
    #[default]
    Nothing,
    /// The length at which the server stops asking for more.
    Length(u64),
    /// It is a gRPC call, of which trailers come after the last message; its status if it is known.
    Grpc(Option<u16>),
}

impl Announced {
    /// For a gRPC call, the status that it ends with.
    #[inline]
    pub(crate) fn grpc(self) -> Option<u16> {
        match self {
            Announced::Grpc(status) => Some(status.unwrap_or(UNKNOWN)),
            _ => None,
        }
    }
}

/// Tells the request what the head says. `None`: nothing follows, and the request is told so.
#[inline]
fn answered<B: Body>(response: &Response<B>, request: &mut Request) -> Option<Announced> {
    let status = response.status();
    let no_body = has_no_body(status, request.method());
    let exact = response.body().size_hint().exact();
    let content = match exact {
        // Neither events nor the messages of a gRPC call have a length that is known when they begin.
        Some(1..) => Content::Plain,
        _ => content(response.headers()),
    };
    request.answered(
        status,
        match content {
            Content::Events if !no_body => Head::Events,
            _ => Head::Body,
        },
    );
    let announced = match content {
        Content::Grpc => Announced::Grpc(grpc_status(response.headers())),
        _ => match exact.or_else(|| declared_length(response.headers())) {
            Some(length) => Announced::Length(length),
            None => Announced::Nothing,
        },
    };
    let is_empty = matches!(announced, Announced::Length(0));
    if is_empty || no_body || response.body().is_end_stream() {
        request.completed(announced.grpc());
        return None;
    }
    Some(announced)
}

/// The status of a gRPC call that ends without one.
const UNKNOWN: u16 = 2;

/// `grpc-status`, in the head of a call without messages or in the trailers.
pub(crate) fn grpc_status(headers: &HeaderMap) -> Option<u16> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(http::header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

#[inline]
fn is_upgrade(status: StatusCode, method: Method) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS || (method == Method::Connect && status.is_success())
}

/// Answers whose body the server does not send, whatever it is.
#[inline]
fn has_no_body(status: StatusCode, method: Method) -> bool {
    method == Method::Head
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

#[cfg(feature = "server")]
fn upgraded<B>(response: &mut Response<B>, request: Option<Request>) {
    if let Some(request) = request {
        let upgraded = crate::http::Upgraded::new(request);
        response.extensions_mut().insert(upgraded);
    }
}

#[cfg(not(feature = "server"))]
fn upgraded<B>(_response: &mut Response<B>, request: Option<Request>) {
    drop(request); // nobody sees the life of the connection
}
