//! How long a collector that is spoken to by gRPC says to wait: `RetryInfo` among the details of a status.
//!
//! Source: `google/rpc/status.proto` and `error_details.proto`; gRPC over HTTP2 for the header.

use std::time::Duration;

use http::header::{HeaderMap, HeaderName};

use crate::otlp::encode::{Field, Fields};

static DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// The time to wait, if one is told.
pub(super) fn read(headers: &HeaderMap) -> Option<Duration> {
    let status = base64(headers.get(&DETAILS)?.as_bytes())?;
    Fields(&status).find_map(|field| match field {
        (3, Field::Bytes(detail)) => retry_info(detail),
        _ => None,
    })
}

/// That of an `Any`, if it is a `RetryInfo`.
fn retry_info(any: &[u8]) -> Option<Duration> {
    let kind = bytes(any, 1)?;
    let delay = bytes(bytes(any, 2)?, 1).unwrap_or_default();
    let number = |wanted| {
        Fields(delay).find_map(|field| match field {
            (number, Field::Number(value)) if number == wanted => Some(value),
            _ => None,
        })
    };
    let (seconds, nanoseconds) = (number(1).unwrap_or(0), number(2).unwrap_or(0));
    let is_one = kind.ends_with(b"/google.rpc.RetryInfo");
    // What is negative is far too much here, and no number of nanoseconds either.
    let nanoseconds = u32::try_from(nanoseconds)
        .ok()
        .filter(|n| *n < 1_000_000_000)?;
    (is_one && seconds <= u64::from(u32::MAX)).then(|| Duration::new(seconds, nanoseconds))
}

/// A field that is a text or a message.
fn bytes(message: &[u8], wanted: u64) -> Option<&[u8]> {
    Fields(message).find_map(|field| match field {
        (number, Field::Bytes(bytes)) if number == wanted => Some(bytes),
        _ => None,
    })
}

/// Bytes that are written in letters, with padding or without.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let (mut decoded, mut bits, mut number) = (Vec::new(), 0u32, 0);
    for letter in text.iter().filter(|letter| **letter != b'=') {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        number += 6;
        if number >= 8 {
            number -= 8;
            decoded.push((bits >> number) as u8);
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters() {
        for (text, expected) in [
            ("", Some(&b""[..])),
            ("Zg==", Some(b"f")),
            ("Zg", Some(b"f")),
            ("Zm9vYmFy", Some(b"foobar")),
            ("+/8", Some(&[0xfb, 0xff])),
            ("Zg ", None),
            ("Z\u{fc}", None),
        ] {
            assert_eq!(base64(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }

    fn read(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status-details-bin", value.parse().unwrap());
        super::read(&headers)
    }

    /// As Google's libraries write it, with another detail before it.
    #[test]
    fn a_second_and_a_half() {
        let details = "EgdhcyB0b2xkGjEKKnR5cGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xlLnJwYy5SZXF1ZXN0SW5mbxIDCgExGjYKKHR5cGUuZ29vZ2xlYXBpcy5jb20v\
                       Z29vZ2xlLnJwYy5SZXRyeUluZm8SCgoICAEQgMq17gE";
        assert_eq!(read(details), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for value in ["", "CA4", "!", "GgA", "////", "GgQKAngvEgA"] {
            assert_eq!(read(value), None, "{value}");
        }
        let mut random = fastrand::Rng::with_seed(14);
        for _ in 0..20_000 {
            let length = random.usize(..40);
            let value: String = (0..length).map(|_| random.alphanumeric()).collect();
            assert_eq!(read(&value), None);
        }
    }
}
