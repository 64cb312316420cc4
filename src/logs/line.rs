//! A line: its beginning, which is the same for all, and its parts in their order.

use std::time::SystemTime;

use tracing::Level;

use crate::catalog::{self, Dataset};
use crate::logs::escape::{Style, told};
use crate::logs::own::{LEVELS, place};
use crate::logs::pairs::{self, Kind, Pairs};
use crate::logs::time;
use crate::protobuf::{self, fixed64, long_message, text, unsigned};
use crate::text::hex;
use crate::trace_context::TraceContext;

/// The longest name of the service, or of a place in it.
const LONGEST_NAME: usize = 256;

/// The field of `ScopeLogs` that holds its records.
pub(crate) const SCOPE_RECORDS: u64 = 2;

/// How the lines of a service are written.
pub(crate) struct Format {
    pub(crate) style: Style,
    /// What tells of the service, for each stream.
    services: [Vec<u8>; Dataset::ALL.len()],
}

/// What a line tells, besides its message and fields.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) at: SystemTime,
    pub(crate) level: Level,
    pub(crate) dataset: Dataset,
    pub(crate) context: Option<TraceContext>,
    /// Where it comes from, in text.
    pub(crate) target: &'a str,
    /// The same, as fields that are written.
    pub(crate) tail: &'a [u8],
}

impl Format {
    /// `service` is what the lines tell of the service: fields and their values.
    pub(crate) fn new(style: Style, service: &[(&'static str, String)]) -> Self {
        let services = Dataset::ALL.map(|dataset| {
            let mut out = Vec::new();
            // By OTLP the resource tells of the service.
            if style == Style::Ecs {
                field(&mut out, style, catalog::VERSION, catalog::ECS_VERSION);
                for (name, value) in service {
                    field(&mut out, style, name, value);
                }
            }
            field(&mut out, style, catalog::EVENT_DATASET, dataset.as_str());
            out
        });
        Self { style, services }
    }

    /// Writes a line, or a record. The message is written already, and so are the fields.
    pub(crate) fn write(&self, out: &mut Vec<u8>, head: &Head<'_>, message: &[u8], pairs: &Pairs) {
        match self.style {
            Style::Ecs => self.write_ecs(out, head, message, pairs),
            Style::Otlp => return self.write_otlp(out, head, message, pairs),
            Style::Text | Style::Coloured => self.write_text(out, head, message, pairs),
        }
        out.push(b'\n');
    }

    /// Writes a `LogRecord`, as a field of `ScopeLogs`: records stand one after the other.
    ///
    /// Source: `opentelemetry/proto/logs/v1/logs.proto` and what it includes.
    fn write_otlp(&self, out: &mut Vec<u8>, head: &Head<'_>, message: &[u8], pairs: &Pairs) {
        let since = head.at.duration_since(SystemTime::UNIX_EPOCH);
        let at = since.unwrap_or_default().as_nanos() as u64;
        long_message(out, SCOPE_RECORDS, |out| {
            fixed64(out, 1, at);
            unsigned(out, 2, severity(head.level));
            text(out, 3, head.level.as_str());
            long_message(out, 5, |out| {
                long_message(out, 1, |out| out.extend_from_slice(message));
            });
            out.extend_from_slice(&self.services[head.dataset as usize]);
            out.extend_from_slice(head.tail);
            for pair in pairs.by_name() {
                out.extend_from_slice(pair);
            }
            if let Some(context) = &head.context {
                let [high, low] = context.trace.map(u64::to_be_bytes);
                protobuf::message(out, 9, |out| out.extend_from_slice(&[high, low].concat()));
                protobuf::message(out, 10, |out| {
                    out.extend_from_slice(&context.span.to_be_bytes());
                });
            }
            fixed64(out, 11, at);
        });
    }

    // In the order of ecs-logging: moment, level, message.
    fn write_ecs(&self, out: &mut Vec<u8>, head: &Head<'_>, message: &[u8], pairs: &Pairs) {
        out.extend_from_slice(b"{\"");
        out.extend_from_slice(catalog::TIMESTAMP.as_bytes());
        out.extend_from_slice(b"\":\"");
        time::write(out, head.at);
        out.push(b'"');
        field(
            out,
            self.style,
            catalog::LOG_LEVEL,
            LEVELS[place(head.level)],
        );
        key(out, catalog::MESSAGE);
        out.push(b'"');
        out.extend_from_slice(message);
        out.push(b'"');
        out.extend_from_slice(&self.services[head.dataset as usize]);
        if let Some(context) = &head.context {
            let [high, low] = context.trace;
            key(out, catalog::TRACE_ID);
            out.push(b'"');
            hex(out, high);
            hex(out, low);
            out.push(b'"');
            key(out, catalog::SPAN_ID);
            out.push(b'"');
            hex(out, context.span);
            out.push(b'"');
        }
        out.extend_from_slice(head.tail);
        for pair in pairs.of(Kind::Schema) {
            out.push(b',');
            out.extend_from_slice(pair);
        }
        let mut before = None;
        for pair in pairs.of(Kind::Label) {
            if before.is_none() {
                key(out, catalog::LABELS);
            }
            out.push(before.unwrap_or(b'{'));
            out.extend_from_slice(pair);
            before = Some(b',');
        }
        if before.is_some() {
            out.push(b'}');
        }
        out.push(b'}');
    }

    fn write_text(&self, out: &mut Vec<u8>, head: &Head<'_>, message: &[u8], pairs: &Pairs) {
        let (colour, plain_again, dim): (&[u8], &[u8], &[u8]) = match self.style {
            Style::Coloured => (colour(head.level), b"\x1b[0m", b"\x1b[2m"),
            _ => (b"", b"", b""),
        };
        out.extend_from_slice(dim);
        time::write(out, head.at);
        out.extend_from_slice(plain_again);
        out.push(b' ');
        out.extend_from_slice(colour);
        let level = head.level.as_str();
        out.extend_from_slice(&b"     "[level.len().min(5)..]);
        out.extend_from_slice(level.as_bytes());
        out.extend_from_slice(plain_again);
        out.push(b' ');
        out.extend_from_slice(dim);
        told(out, head.target, LONGEST_NAME, self.style);
        out.push(b':');
        out.extend_from_slice(plain_again);
        out.push(b' ');
        out.extend_from_slice(message);
        for pair in pairs.of(Kind::Schema).chain(pairs.of(Kind::Label)) {
            out.push(b' ');
            out.extend_from_slice(pair);
        }
        if let Some(context) = &head.context {
            let [high, low] = context.trace;
            out.extend_from_slice(dim);
            out.push(b' ');
            out.extend_from_slice(catalog::TRACE_ID.as_bytes());
            out.push(b'=');
            hex(out, high);
            hex(out, low);
            out.extend_from_slice(plain_again);
        }
    }
}

fn colour(level: Level) -> &'static [u8] {
    match level {
        Level::ERROR => b"\x1b[31m",
        Level::WARN => b"\x1b[33m",
        Level::INFO => b"\x1b[32m",
        _ => b"\x1b[34m",
    }
}

/// `,"name":`
fn key(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Adds a field to the end of what is written: `,"name":"value"`.
pub(crate) fn field(out: &mut Vec<u8>, style: Style, name: &str, value: &str) {
    begin_field(out, style);
    pairs::pair(out, style, name.as_bytes(), |out| {
        pairs::string(out, style, |out| told(out, value, LONGEST_NAME, style));
    });
}

/// Adds a number: `,"name":7`.
pub(crate) fn number(out: &mut Vec<u8>, style: Style, name: &str, value: u64) {
    begin_field(out, style);
    pairs::pair(out, style, name.as_bytes(), |out| {
        pairs::number(out, style, value)
    });
}

fn begin_field(out: &mut Vec<u8>, style: Style) {
    if style == Style::Ecs {
        out.push(b',');
    }
}

/// Source: OpenTelemetry's data model of logs, severity.
fn severity(level: Level) -> u64 {
    match level {
        Level::TRACE => 1,
        Level::DEBUG => 5,
        Level::INFO => 9,
        Level::WARN => 13,
        _ => 17,
    }
}
