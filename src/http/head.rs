//! What the head of a response says: of its end, and whether it is an answer at all.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::{Response, StatusCode};
use http_body::Body;

use crate::label::Method;
use crate::observe::{Head, Request};
use crate::outcome::Outcome;

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
pub(crate) fn answered<B: Body>(
    response: &Response<B>,
    request: &mut Request,
    is_http1: bool,
) -> Option<Announced> {
    let status = response.status();
    // An accepted CONNECT is here only because it declares a length: see `is_upgrade`.
    let is_refused_connect = request.method() == Method::Connect && status.is_success();
    if is_no_answer(status, is_http1) || is_refused_connect {
        request.failed(Outcome::ServerError);
        return None;
    }
    let (headers, body) = (response.headers(), response.body());
    let no_body = has_no_body(status, request.method());
    let exact = body.size_hint().exact();
    let content = match exact {
        // Neither events nor the messages of a gRPC call have a length that is known when they begin.
        Some(1..) => Content::Plain,
        _ => content(headers),
    };
    request.answered(
        status,
        match content {
            Content::Events if !no_body => Head::Events,
            _ => Head::Body,
        },
    );
    let length = declared_length(headers, is_http1).or(exact);
    let announced = match (content, length) {
        (Content::Grpc, _) => Announced::Grpc(grpc_status(headers)),
        (_, Length::Known(length)) => Announced::Length(length),
        _ => Announced::Nothing,
    };
    let is_over = length == Length::Known(0) || body.is_end_stream();
    let is_broken = match length {
        Length::Broken => true,
        Length::Known(1..) => is_over,
        _ => false,
    };
    if is_broken && !no_body {
        request.failed(Outcome::ServerError);
        return None;
    }
    if is_over || no_body {
        request.completed(announced.grpc());
        return None;
    }
    Some(announced)
}

/// What the client gets in place of this status: a server sends nothing below 200 as the head of an answer, but 101 by HTTP/1.
///
/// hyper answers with 500 by HTTP/1.1; by HTTP/2 the client is left without an answer.
#[inline]
pub(crate) fn served(status: StatusCode, is_http1: bool) -> StatusCode {
    if is_no_answer(status, is_http1) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        status
    }
}

/// Whether this status cannot be the head of an answer.
#[inline]
fn is_no_answer(status: StatusCode, is_http1: bool) -> bool {
    status.as_u16() < 200 && !(is_http1 && status == StatusCode::SWITCHING_PROTOCOLS)
}

/// How long the body is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Unknown,
    Known(u64),
    /// `content-length` is no number, or another one than the body says or than itself, or stands beside `transfer-encoding`: a server
    /// refuses it, or the client does.
    Broken,
}

impl Length {
    /// This, which must agree with the exact length of the body itself.
    #[inline]
    fn or(self, exact: Option<u64>) -> Self {
        match (self, exact) {
            (Length::Unknown, Some(exact)) => Length::Known(exact),
            (Length::Known(declared), Some(exact)) if declared != exact => Length::Broken,
            (declared, _) => declared,
        }
    }
}

/// The status of a gRPC call that ends without one.
const UNKNOWN: u16 = 2;

/// `grpc-status`, in the head of a call without messages or in the trailers.
pub(crate) fn grpc_status(headers: &HeaderMap) -> Option<u16> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

/// What the headers say of the length.
///
/// By a look at each header, of which there are few: that is faster than a search by name.
#[inline]
fn declared_length(headers: &HeaderMap, is_http1: bool) -> Length {
    let (mut length, mut is_encoded) = (Length::Unknown, false);
    for (name, value) in headers {
        if *name == CONTENT_LENGTH {
            length = match (parsed_length(value), length) {
                (Some(first), Length::Unknown) => Length::Known(first),
                (Some(again), Length::Known(first)) if again == first => length,
                _ => return Length::Broken,
            };
        } else if *name == TRANSFER_ENCODING {
            is_encoded = is_http1; // HTTP/2 has none: a server leaves it out
        }
    }
    match length {
        Length::Known(_) if is_encoded => Length::Broken,
        length => length,
    }
}

#[inline]
fn parsed_length(value: &HeaderValue) -> Option<u64> {
    let mut length: u64 = 0;
    for byte in value.as_bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        length = length.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    (!value.is_empty()).then_some(length)
}

/// Whether the connection, or the stream of HTTP/2, becomes something else. An answer to CONNECT that declares a length does not: it is
/// refused by the server.
#[inline]
pub(crate) fn is_upgrade<B>(response: &Response<B>, method: Method, is_http1: bool) -> bool {
    let status = response.status();
    (is_http1 && status == StatusCode::SWITCHING_PROTOCOLS)
        || (method == Method::Connect
            && status.is_success()
            && matches!(
                declared_length(response.headers(), is_http1),
                Length::Unknown | Length::Known(0)
            ))
}

/// Answers whose body the server does not send, whatever it is.
#[inline]
fn has_no_body(status: StatusCode, method: Method) -> bool {
    method == Method::Head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}
