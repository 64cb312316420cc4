//! Spans to a collector, or else to standard error, from a thread of its own: OTLP over HTTP, https or gRPC, in protobuf.
//!
//! Source: the OpenTelemetry protocol specification, version 1.

mod batch;
mod client;
mod console;
mod deliver;
mod encode;
mod exporter;
mod flush;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "logs")]
mod lines;
#[cfg(feature = "logs")]
mod records;
mod report;
mod retry_after;
#[cfg(feature = "grpc")]
mod retry_info;
mod settings;
#[cfg(feature = "tls")]
mod tls;
mod worker;

pub(crate) use batch::FULL as FULL_REQUEST;
pub(crate) use exporter::Exporter;
#[cfg(feature = "logs")]
pub(crate) use lines::Collector as LineCollector;
#[cfg(feature = "server")]
pub(crate) use report::spans_were;
#[cfg(feature = "tls")]
pub(crate) use settings::{File, Files};
pub(crate) use settings::{Protocol, Settings, Signal, To};
