//! What the fuzz targets call; there only when they are built.

use http::{HeaderMap, HeaderValue};

use crate::metrics::Exposition;
use crate::redact;
use crate::scrape::compression::Compression;
use crate::trace::state;

/// The `Content-Type` that answers these lines of `Accept`.
pub fn content_type<'a>(accept: impl Iterator<Item = &'a [u8]>) -> &'static str {
    Exposition::negotiate(accept).content_type()
}

/// The `Content-Encoding` that answers these lines of `Accept-Encoding`.
pub fn content_encoding<'a>(
    accept_encoding: impl Iterator<Item = &'a [u8]>,
) -> Option<&'static str> {
    Compression::choose(accept_encoding).content_encoding()
}

/// What is passed on of this `tracestate`.
pub fn passed_on(state: &[u8]) -> Option<HeaderValue> {
    let state = HeaderValue::from_bytes(state).ok()?;
    state::read(&HeaderMap::from_iter([(state::TRACESTATE.clone(), state)]))
}

/// Panics where something secret that these bytes say is planted in a text would be told, or where one of the other promises breaks.
pub fn redact(data: &[u8]) {
    redact::promises::hold(data);
}
