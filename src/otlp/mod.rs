//! Spans to a collector, or else to standard error, from a thread of its own: OTLP over HTTP, https or gRPC, in protobuf.
//!
//! Source: the OpenTelemetry protocol specification, version 1.

mod client;
mod console;
mod encode;
mod exporter;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "logs")]
mod lines;
#[cfg(feature = "logs")]
mod records;
#[cfg(feature = "grpc")]
mod retry_info;
mod settings;
#[cfg(feature = "tls")]
mod tls;

pub(crate) use exporter::Exporter;
#[cfg(feature = "logs")]
pub(crate) use lines::Collector as LineCollector;
#[cfg(feature = "tls")]
pub(crate) use settings::{File, Files};
pub(crate) use settings::{Protocol, Settings, Signal, To};
