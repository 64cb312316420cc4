//! Spans as an `ExportTraceServiceRequest`.
//!
//! Source: `opentelemetry/proto/trace/v1/trace.proto` and what it includes.

use crate::protobuf::{double, fixed32, fixed64, long_message, message, text, unsigned};
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

/// The request that carries these spans.
pub(crate) fn request(resource: &[u8], traces: &[Finished]) -> Vec<u8> {
    let mut out = Vec::with_capacity(4096);
    long_message(&mut out, 1, |out| {
        long_message(out, 1, |out| out.extend_from_slice(resource));
        long_message(out, 2, |out| {
            message(out, 1, |out| {
                text(out, 1, env!("CARGO_PKG_NAME"));
                text(out, 2, env!("CARGO_PKG_VERSION"));
            });
            for finished in traces {
                for one in &finished.spans {
                    long_message(out, 2, |out| span(out, finished, one));
                }
            }
        });
    });
    out
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
    for one in of.events.iter().filter(|event| event.span == span.id) {
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

/// Of an `ExportTraceServiceResponse`, how many spans the collector did not take.
///
/// What is no such answer says nothing.
pub(crate) fn rejected(answer: &[u8]) -> u64 {
    let partial_success = Fields(answer).find(|(field, _)| *field == 1);
    let Some((_, Field::Bytes(partial))) = partial_success else {
        return 0;
    };
    match Fields(partial).find(|(field, _)| *field == 1) {
        Some((_, Field::Number(rejected))) => rejected,
        _ => 0,
    }
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
            assert_eq!(rejected(answer), expected, "{answer:?}");
        }
    }
}
