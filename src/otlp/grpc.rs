//! OTLP over gRPC: a call is one request of HTTP/2 with one message, and needs no framework.
//!
//! Source: gRPC over HTTP2, and what the OpenTelemetry protocol specification says of failures.

use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE};
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use crate::otlp::client::{Failure, LONGEST_ANSWER, refused};
use crate::otlp::encode::{self, Accepted};
use crate::otlp::retry_info;

static STATUS: HeaderName = HeaderName::from_static("grpc-status");
static ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

/// What stands before a message: whether it is compressed, and its length.
const HEAD: usize = 5;

/// A message as it is sent.
pub(super) fn framed(message: &[u8], is_compressed: bool) -> Vec<u8> {
    let length = message.len() as u32; // of a batch that fits in memory, and in what a collector takes
    let mut framed = Vec::with_capacity(HEAD + message.len());
    framed.push(u8::from(is_compressed));
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(message);
    framed
}

/// Says how a message is to be read.
pub(super) fn describe(headers: &mut HeaderMap, is_compressed: bool) {
    let kind = HeaderValue::from_static("application/grpc");
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(TE, HeaderValue::from_static("trailers"));
    if is_compressed {
        headers.insert(&ENCODING, HeaderValue::from_static("gzip"));
    }
}

/// Reads how a call ended; gives back what of it the collector did not take.
pub(super) async fn read(answer: Response<Incoming>) -> Result<Accepted, Failure> {
    let (head, body) = answer.into_parts();
    if head.status != StatusCode::OK {
        return Err(refused(&head));
    }
    let body = Limited::new(body, LONGEST_ANSWER).collect().await;
    let body = body.map_err(|error| Failure::passing(format!("the answer broke off: {error}")))?;
    // Without a message there is no trailer either.
    let end = body.trailers().unwrap_or(&head.headers);
    let status = end.get(&STATUS);
    let code = status.and_then(|status| status.to_str().ok()?.parse().ok());
    match code {
        Some(0) => Ok(encode::accepted(
            body.to_bytes().get(HEAD..).unwrap_or_default(),
        )),
        Some(code) => {
            let why = format!("it answered with gRPC's status {code}{}", name(code));
            let wait = retry_info::read(end);
            let is_passing = is_passing(code, wait.is_some());
            Err(Failure {
                is_passing,
                wait: wait.filter(|_| is_passing),
                ..Failure::passing(why)
            })
        }
        None => Err(Failure {
            is_passing: false,
            ..Failure::passing("what answered does not speak gRPC".to_owned())
        }),
    }
}

/// The status after which the protocol has a call repeated; that of a lack of room only where it is told when.
fn is_passing(code: u32, is_told_when: bool) -> bool {
    matches!(code, 1 | 4 | 10 | 11 | 14 | 15) || (code == 8 && is_told_when)
}

/// What those mean that collectors are known for.
fn name(code: u32) -> &'static str {
    match code {
        3 => " (invalid argument)",
        4 => " (deadline exceeded)",
        7 => " (permission denied)",
        8 => " (resource exhausted)",
        12 => " (unimplemented)",
        13 => " (internal)",
        14 => " (unavailable)",
        16 => " (unauthenticated)",
        _ => "",
    }
}
