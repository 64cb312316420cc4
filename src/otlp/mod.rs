//! Spans to a collector, or else to standard error, from a thread of its own: OTLP over HTTP, in protobuf.
//!
//! Source: the OpenTelemetry protocol specification, version 1.

mod client;
mod console;
mod encode;
mod exporter;
mod settings;

pub(crate) use exporter::Exporter;
pub(crate) use settings::{Settings, To};
