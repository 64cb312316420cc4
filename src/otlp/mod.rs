//! Spans to a collector: OTLP over HTTP, in protobuf, from a thread of its own.
//!
//! Source: the OpenTelemetry protocol specification, version 1.

mod client;
mod encode;
mod exporter;
mod settings;

pub(crate) use exporter::Exporter;
pub(crate) use settings::Settings;
