//! The future: waits for the head and hands the measurement to the body.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
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
            Poll::Ready(Ok(response)) => Some(served(response.status())),
            _ => None,
        });
        let mut announced = Announced::Nothing;
        match &mut polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(response)) if is_upgrade(response, request.method()) => {
                request.answered(response.status(), Head::Upgrade);
                upgraded(response, this.request.take());
            }
            Poll::Ready(Ok(response)) => match answered(response, request) {
                Some(follows) => announced = follows,
                None => *this.request = None,
            },
            Poll::Ready(Err(error)) => {
                request.failed(timeout::outcome(error));
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
    // An accepted CONNECT is here only because it declares a length: see `is_upgrade`.
    let is_refused_connect = request.method() == Method::Connect && status.is_success();
    if status != served(status) || is_refused_connect {
        request.failed(Outcome::ServerError);
        return None;
    }
    let no_body = has_no_body(status, request.method());
    let exact = response.body().size_hint().exact();
    let declared = declared_length(response.headers());
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
    let announced = match (content, exact, declared) {
        (Content::Grpc, _, _) => Announced::Grpc(grpc_status(response.headers())),
        (_, Some(length), _) | (_, None, Declared::Length(length)) => Announced::Length(length),
        (_, None, _) => Announced::Nothing,
    };
    let is_over = matches!(announced, Announced::Length(0)) || response.body().is_end_stream();
    if no_body {
        request.completed(announced.grpc());
    } else if !declared.can_be_kept(exact, is_over) {
        request.failed(Outcome::ServerError);
    } else if is_over {
        request.completed(announced.grpc());
    } else {
        return Some(announced);
    }
    None
}

/// What the client gets in place of this status: a server sends nothing below 200 as the head of an answer, but 101.
///
/// hyper answers with 500 by HTTP/1.1; by HTTP/2 the client is left without an answer.
#[inline]
fn served(status: StatusCode) -> StatusCode {
    if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        status
    }
}

/// What `content-length` says.
#[derive(Clone, Copy)]
enum Declared {
    Nothing,
    Length(u64),
    /// It is not a number, or two different ones: a server does not send it, or the client refuses it.
    Malformed,
}

impl Declared {
    /// Whether the body can be as long as the head says. `exact` is the length that the body itself announces; `is_over` says that it
    /// gives nothing.
    #[inline]
    fn can_be_kept(self, exact: Option<u64>, is_over: bool) -> bool {
        match (self, exact) {
            (Declared::Nothing, _) => true,
            (Declared::Length(length), Some(exact)) if length != exact => false,
            (Declared::Length(length), _) => length == 0 || !is_over,
            (Declared::Malformed, _) => false,
        }
    }
}

/// The status of a gRPC call that ends without one.
const UNKNOWN: u16 = 2;

/// `grpc-status`, in the head of a call without messages or in the trailers.
pub(crate) fn grpc_status(headers: &HeaderMap) -> Option<u16> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

#[inline]
fn declared_length(headers: &HeaderMap) -> Declared {
    if headers.contains_key(CONTENT_LENGTH) {
        parsed_length(headers)
    } else {
        Declared::Nothing
    }
}

fn parsed_length(headers: &HeaderMap) -> Declared {
    let parse = |value: &HeaderValue| -> Option<u64> {
        // `parse` alone would take a sign.
        let digits = value.to_str().ok()?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok())?
    };
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter().map(parse);
    match lengths.next().flatten() {
        Some(first) if lengths.all(|other| other == Some(first)) => Declared::Length(first),
        _ => Declared::Malformed,
    }
}

/// Whether the connection, or the stream of HTTP/2, becomes something else. An answer to CONNECT that declares a length does not: it is
/// refused by the server.
#[inline]
fn is_upgrade<B>(response: &Response<B>, method: Method) -> bool {
    let status = response.status();
    status == StatusCode::SWITCHING_PROTOCOLS
        || (method == Method::Connect
            && status.is_success()
            && !matches!(
                declared_length(response.headers()),
                Declared::Length(1..) | Declared::Malformed
            ))
}

/// Answers whose body the server does not send, whatever it is.
#[inline]
fn has_no_body(status: StatusCode, method: Method) -> bool {
    method == Method::Head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
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
