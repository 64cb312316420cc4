//! Spans as an `ExportTraceServiceRequest`.
//!
//! Source: `opentelemetry/proto/trace/v1/trace.proto` and what it includes.

use crate::protobuf::{
    LONG_LENGTH, begin_long, double, fixed32, fixed64, long_message, message, put_length, text,
    unsigned,
};
use crate::redact;
use crate::trace::{Attribute, Event, Finished, Kind, Span, Status, Value};

/// What is told of the service with all spans: a `Resource`, written once.
pub(crate) fn resource(attributes: &[(String, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in attributes {
        long_message(&mut out, 1, |out| {
            text(out, 1, key);
            long_message(out, 2, |out| text(out, 1, value));
        });
    }
    out
}

/// A request that carries spans, written one span after the other.
pub(super) struct TraceRequest {
    out: Vec<u8>,
    /// Where the lengths of the two messages stand that hold the spans.
    resource_spans: usize,
    scope_spans: usize,
}

impl TraceRequest {
    /// Begins one that is expected to have this many bytes.
    pub(super) fn begin(resource: &[u8], expected: usize) -> Self {
        let mut out = Vec::with_capacity(expected);
        let resource_spans = begin_long(&mut out, 1);
        long_message(&mut out, 1, |out| out.extend_from_slice(resource));
        let scope_spans = begin_long(&mut out, 2);
        message(&mut out, 1, |out| {
            text(out, 1, env!("CARGO_PKG_NAME"));
            text(out, 2, env!("CARGO_PKG_VERSION"));
        });
        Self {
            out,
            resource_spans,
            scope_spans,
        }
    }

    /// Adds a span of a trace, whose events stand in the order of their spans.
    pub(super) fn span(&mut self, of: &Finished, place: usize) {
        long_message(&mut self.out, 2, |out| span(out, of, &of.spans[place]));
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        for length_at in [self.scope_spans, self.resource_spans] {
            put_length::<LONG_LENGTH>(&mut self.out, length_at, 0);
        }
        self.out
    }
}

fn span(out: &mut Vec<u8>, of: &Finished, span: &Span) {
    let [high, low] = of.trace;
    message(out, 1, |out| {
        out.extend_from_slice(&high.to_be_bytes());
        out.extend_from_slice(&low.to_be_bytes());
    });
    message(out, 2, |out| out.extend_from_slice(&span.id.to_be_bytes()));
    if let Some(state) = of.state.as_ref().and_then(|state| state.to_str().ok()) {
        text(out, 3, state);
    }
    if span.parent != 0 {
        message(out, 4, |out| {
            out.extend_from_slice(&span.parent.to_be_bytes())
        });
    }
    text(out, 5, &span.name);
    unsigned(
        out,
        6,
        match span.kind {
            Kind::Internal => 1,
            Kind::Server => 2,
            Kind::Client => 3,
            Kind::Producer => 4,
            Kind::Consumer => 5,
        },
    );
    fixed64(out, 7, span.start);
    fixed64(out, 8, span.end);
    for one in &span.attributes {
        attribute(out, 9, one);
    }
    if span.lost > 0 {
        unsigned(out, 10, u64::from(span.lost));
    }
    let events = &of.events[of.events.partition_point(|event| event.span < span.id)..];
    for one in events.iter().take_while(|event| event.span == span.id) {
        long_message(out, 11, |out| event(out, one));
    }
    if span.lost_events > 0 {
        unsigned(out, 12, u64::from(span.lost_events));
    }
    match &span.status {
        Status::Unset => {}
        Status::Ok => message(out, 15, |out| unsigned(out, 3, 1)),
        Status::Error(why) => message(out, 15, |out| {
            if !why.is_empty() {
                text(out, 2, why);
            }
            unsigned(out, 3, 2);
        }),
    }
    fixed32(out, 16, 1); // it is sampled, or it would not be here
}

fn event(out: &mut Vec<u8>, event: &Event) {
    fixed64(out, 1, event.at);
    text(out, 2, &event.name);
    for one in &event.attributes {
        attribute(out, 3, one);
    }
}

fn attribute(out: &mut Vec<u8>, field: u64, attribute: &Attribute) {
    long_message(out, field, |out| {
        text(out, 1, &attribute.key);
        long_message(out, 2, |out| match &attribute.value {
            Value::Text(value) => text(out, 1, value),
            Value::Bool(value) => unsigned(out, 2, u64::from(*value)),
            Value::Int(value) => unsigned(out, 3, *value as u64),
            Value::Double(value) => double(out, 4, *value),
        });
    });
}

/// What the collector says of a request that it took.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Accepted {
    /// How many spans or lines it did not take all the same.
    pub(super) rejected: u64,
    /// And why not, in its words.
    pub(super) why: String,
}

/// Bytes of a reason that are shown.
const LONGEST_REASON: usize = 200;

/// Reads an `ExportTraceServiceResponse`, or that of lines.
///
/// What is no such answer says nothing.
pub(super) fn accepted(answer: &[u8]) -> Accepted {
    let mut accepted = Accepted::default();
    let partial_success = Fields(answer).find(|(field, _)| *field == 1);
    let Some((_, Field::Bytes(partial))) = partial_success else {
        return accepted;
    };
    for field in Fields(partial) {
        match field {
            (1, Field::Number(rejected)) => accepted.rejected = rejected,
            (2, Field::Bytes(why)) => {
                let why = String::from_utf8_lossy(why);
                accepted.why = redact::one_line(&why, LONGEST_REASON);
            }
            _ => {}
        }
    }
    accepted
}

/// The fields of a message, as far as they can be read.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for place in 0..10 {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Field<'a>);

    fn next(&mut self) -> Option<(u64, Field<'a>)> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Number(self.varint()?),
            1 => self.take(8).map(|_| Field::Fixed)?,
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Field::Fixed)?,
            _ => return None,
        };
        Some((tag >> 3, field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_collector_did_not_take() {
        for (answer, expected) in [
            (&[][..], 0),
            (&[0x0a, 2, 0x08, 7], 7),
            (&[0x0a, 5, 0x12, 1, b'x', 0x08, 3], 3),
            (&[0x15, 1, 2, 3, 4, 0x0a, 3, 0x08, 0x96, 1], 150),
            (b"<html>not a collector</html>", 0),
            (&[0x0a, 200, 0x08, 7], 0),
            (&[0xff; 40], 0),
            (
                &[
                    0x0a, 11, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
                ],
                u64::MAX,
            ),
        ] {
            assert_eq!(accepted(answer).rejected, expected, "{answer:?}");
        }
        let why = accepted(&[0x0a, 9, 0x08, 3, 0x12, 5, b'f', b'u', 0xff, b'l', b'l']).why;
        assert_eq!(why, "fu\u{fffd}ll");
    }
}
