//! Lines of the log as an `ExportLogsServiceRequest`.
//!
//! Source: `opentelemetry/proto/logs/v1/logs.proto` and what it includes.

use serde_json::{Map, Value};

use crate::catalog;
use crate::logs::moment;
use crate::protobuf::{double, fixed64, long_message, message, text, unsigned};

/// What a line tells of itself elsewhere in a record, or of the service with all of them.
const ELSEWHERE: [&str; 11] = [
    catalog::TIMESTAMP,
    catalog::LOG_LEVEL,
    catalog::MESSAGE,
    catalog::VERSION,
    catalog::SERVICE_NAME,
    catalog::SERVICE_VERSION,
    catalog::SERVICE_ENVIRONMENT,
    catalog::SERVICE_NODE_NAME,
    catalog::TRACE_ID,
    catalog::SPAN_ID,
    catalog::LABELS,
];

/// The request that carries these lines, each of them JSON; and how many there are.
pub(crate) fn request(resource: &[u8], lines: &[u8]) -> (Vec<u8>, usize) {
    let mut number = 0;
    let mut out = Vec::with_capacity(lines.len());
    long_message(&mut out, 1, |out| {
        long_message(out, 1, |out| out.extend_from_slice(resource));
        long_message(out, 2, |out| {
            message(out, 1, |out| {
                text(out, 1, env!("CARGO_PKG_NAME"));
                text(out, 2, env!("CARGO_PKG_VERSION"));
            });
            for line in lines.split(|byte| *byte == b'\n') {
                if let Ok(line) = serde_json::from_slice::<Map<String, Value>>(line) {
                    long_message(out, 2, |out| record(out, &line));
                    number += 1;
                }
            }
        });
    });
    (out, number)
}

fn record(out: &mut Vec<u8>, line: &Map<String, Value>) {
    let told = |name: &str| line.get(name).and_then(Value::as_str);
    let at = told(catalog::TIMESTAMP).and_then(moment).unwrap_or(0);
    fixed64(out, 1, at);
    let (number, level) = severity(told(catalog::LOG_LEVEL).unwrap_or_default());
    unsigned(out, 2, number);
    text(out, 3, level);
    long_message(out, 5, |out| {
        text(out, 1, told(catalog::MESSAGE).unwrap_or_default());
    });
    let labels = line.get(catalog::LABELS).and_then(Value::as_object);
    let of_line = line
        .iter()
        .filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()));
    // A label may have the name of a field that the line has, too.
    let of_labels = labels
        .into_iter()
        .flatten()
        .filter(|(name, _)| !line.contains_key(*name));
    for (name, value) in of_line.chain(of_labels) {
        long_message(out, 6, |out| {
            text(out, 1, name);
            long_message(out, 2, |out| any(out, value));
        });
    }
    for (field, name) in [(9, catalog::TRACE_ID), (10, catalog::SPAN_ID)] {
        if let Some(id) = told(name).and_then(bytes) {
            message(out, field, |out| out.extend_from_slice(&id));
        }
    }
    fixed64(out, 11, at);
}

fn any(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(value) => text(out, 1, value),
        Value::Bool(value) => unsigned(out, 2, u64::from(*value)),
        Value::Number(value) => match (value.as_i64(), value.as_f64()) {
            (Some(whole), _) => unsigned(out, 3, whole as u64),
            (None, Some(value)) => double(out, 4, value),
            (None, None) => {}
        },
        Value::Array(values) => long_message(out, 5, |out| {
            for value in values {
                long_message(out, 1, |out| any(out, value));
            }
        }),
        Value::Null | Value::Object(_) => {} // no line of ours has these
    }
}

/// Source: OpenTelemetry's data model of logs, severity.
fn severity(level: &str) -> (u64, &'static str) {
    match level {
        "trace" => (1, "TRACE"),
        "debug" => (5, "DEBUG"),
        "warn" => (13, "WARN"),
        "error" => (17, "ERROR"),
        _ => (9, "INFO"),
    }
}

/// The bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks_exact(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}
