//! Spans as lines of JSON on standard error, to look at while a service is written.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use crate::trace::{Attribute, Event, Finished, Kind, Span, Status, Value};

/// Writes each span as one line.
pub(super) fn write(service: &str, traces: &[Finished]) {
    let mut lines = String::new();
    for finished in traces {
        for span in &finished.spans {
            let _ = line(&mut lines, service, finished, span); // into memory
            lines.push('\n');
        }
    }
    // Whoever has closed it does not want to read them.
    let _ = std::io::stderr().lock().write_all(lines.as_bytes());
}

fn line(out: &mut String, service: &str, of: &Finished, span: &Span) -> fmt::Result {
    let [high, low] = of.trace;
    let kind = match span.kind {
        Kind::Internal => "internal",
        Kind::Server => "server",
        Kind::Client => "client",
        Kind::Producer => "producer",
        Kind::Consumer => "consumer",
    };
    write!(out, "{{\"service\":{},", Text(service))?;
    write!(out, "\"span\":{},\"kind\":\"{kind}\",", Text(&span.name))?;
    let took = span.end.saturating_sub(span.start) as f64 / 1e6;
    write!(
        out,
        "\"start_unix_nano\":{},\"duration_ms\":{took},",
        span.start
    )?;
    write!(out, "\"trace_id\":\"{high:016x}{low:016x}\",")?;
    write!(out, "\"span_id\":\"{:016x}\"", span.id)?;
    if span.parent != 0 {
        write!(out, ",\"parent_span_id\":\"{:016x}\"", span.parent)?;
    }
    if let Status::Error(why) = &span.status {
        write!(out, ",\"error\":{}", Text(why))?;
    }
    write!(out, ",\"attributes\":{{{}}}", Attributes(&span.attributes))?;
    let events = of.events.iter().filter(|event| event.span == span.id);
    write!(out, ",\"events\":[")?;
    for (place, event) in events.enumerate() {
        let comma = if place > 0 { "," } else { "" };
        write!(out, "{comma}{}", Happened(event, span.start))?;
    }
    out.write_str("]}")
}

/// An event, and when its span began.
struct Happened<'a>(&'a Event, u64);

impl fmt::Display for Happened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(event, start) = self;
        let after = event.at.saturating_sub(*start) as f64 / 1e6;
        let (name, attributes) = (Text(&event.name), Attributes(&event.attributes));
        write!(
            f,
            "{{\"event\":{name},\"after_ms\":{after},\"attributes\":{{{attributes}}}}}"
        )
    }
}

/// The members of an object.
struct Attributes<'a>(&'a [Attribute]);

impl fmt::Display for Attributes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, attribute) in self.0.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{}:", Text(&attribute.key))?;
            match &attribute.value {
                Value::Bool(value) => write!(f, "{value}")?,
                Value::Int(value) => write!(f, "{value}")?,
                Value::Double(value) if value.is_finite() => write!(f, "{value}")?,
                Value::Double(value) => write!(f, "\"{value}\"")?,
                Value::Text(value) => write!(f, "{}", Text(value))?,
            }
        }
        Ok(())
    }
}

/// A string of JSON. What could move a terminal's cursor is escaped.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for one in self.0.chars() {
            match one {
                '"' | '\\' => write!(f, "\\{one}")?,
                '\n' => f.write_str("\\n")?,
                // All of these take one unit of UTF-16.
                one if one.is_control() => write!(f, "\\u{:04x}", u32::from(one))?,
                one => f.write_char(one)?,
            }
        }
        f.write_char('"')
    }
}
