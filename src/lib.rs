//! Metrics, traces, logs and health for axum services: one layer, one attribute, one call.
//!
//! ```no_run
//! # #[cfg(all(feature = "server", feature = "macros"))]
//! # mod service {
//! use axum::{Router, routing::get};
//! use ecolaura_monitoring::{Monitoring, monitor};
//!
//! #[monitor("/api/v1/products")]
//! async fn get_products() -> &'static str {
//!     "[]"
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let monitoring = Monitoring::init("ecolaura-api")?;
//!     let app = Router::new()
//!         .route("/api/v1/products", get(get_products))
//!         .layer(monitoring.layer());
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     monitoring.serve(listener, app).await?;
//!     Ok(())
//! }
//! # }
//! ```
//!
//! That service counts and times every request ([`http`]), every call of a function that carries
//! [`#[monitor]`](macro@monitor), and whatever it registers itself ([`metrics`]). It serves `/metrics` and
//! `/health/*` ([`health`]) on a listener of its own, 127.0.0.1:9464, and drains on SIGTERM.
//!
//! | to | go to |
//! |---|---|
//! | measure requests | [`http`], [`Monitoring::layer`], [`Monitoring::around`] |
//! | measure functions, state objectives | [`#[monitor]`](macro@monitor), [`Objective`] |
//! | register metrics of your own | [`metrics`] |
//! | see what is exported | [`catalog::ALL`] |
//! | choose addresses, limits, what is measured | [`MonitoringBuilder`] |
//! | answer probes | [`health`] |
//! | measure requests to other services | [`Monitoring::client_layer`] |
//! | write the log | [`LogLayer`], [`LogFormat`], [`AccessLog`], [`LogsConfig`] |
//! | tell of queries and logins | [`database`], [`authentication`] |
//! | see what the service can run out of | [`resources`] |
//! | count users, sign-ups, orders, money, boxes | [`business`] |
//! | trace requests | [`Sampling`], [`TracingLayer`], [`InCurrentTrace`], [`TraceContext`] |
//! | hand something on through all services | [`Baggage`], [`WithBaggage`] |
//! | test your service | `testing` (feature `testing`) |
//!
//! # Features
//!
//! | feature | default | gives |
//! |---|---|---|
//! | `axum` | yes | the route's template as endpoint, real bytes of request bodies |
//! | `business` | yes | recorders of users, sign-ups, orders, money, boxes, satisfaction and journeys |
//! | `logs` | yes | the log by the Elastic Common Schema, queries, attempts to authenticate |
//! | `macros` | yes | `#[monitor]`, `derive(LabelSet)`, `derive(LabelValue)` |
//! | `prometheus` | yes | metrics of the `prometheus` crate in our `/metrics`, and ours in its registries |
//! | `server` | yes | the own listener, health, `serve` |
//! | `system` | yes | `process_*` and `system_*` on Linux, `tokio_*`: the process, the machine, its container and the runtime, read at each scrape |
//! | `traces` | yes | spans of requests, of `#[monitor]` and of `tracing`, sent by OTLP over HTTP |
//! | `fast-clock` | no | on Linux on x86-64, the processor's counter instead of the system clock: see below |
//! | `grpc` | no | spans to a collector by gRPC, where `OTEL_EXPORTER_OTLP_PROTOCOL` says `grpc` |
//! | `metrics` | no | the recorder of the `metrics` crate: what other crates record with it, in our `/metrics` |
//! | `reqwest` | no | the client layer on a client of `reqwest` 0.13 |
//! | `testing` | no | reading back what was recorded |
//! | `tls` | no | spans to a collector by https |
//! | `zstd` | no | answers compressed with zstd, for scrapers that ask for it |
//! | `full` | no | all of these |
//!
//! Without any, the layer for tower services and the metrics engine remain, on a handful of crates.
//!
//! # What it costs
//!
//! A measured request takes two readings of the clock and about eight relaxed atomic adds: no lock, and no allocation
//! besides the boxes that axum puts round any layer; one with a body takes two more, to count its bytes. The library keeps
//! what it records for as long as the process lives, so that a handle is a plain reference; how much that can be is bounded by
//! [`MetricsConfig::max_series`].
//!
//! A request whose trace is not recorded costs hardly more. Where those that fail are kept all the same, as they are unless told otherwise, it
//! takes one allocation, and those of the spans that begin in it; a recorded one some ten. One with `tracestate` or `baggage` takes up to six
//! more. Of spans that wait there are 2,048 at most (`OTEL_BSP_MAX_QUEUE_SIZE`), and with those that are being collected they take 8 MiB at
//! most.
//!
//! With the feature `fast-clock` a request costs up to a fifth less, and a monitored function a quarter. Times are then read from
//! the processor's time stamp counter, if Linux makes its own clock of it (`tsc` in
//! `/sys/devices/system/clocksource/clocksource0/current_clocksource`, which is looked up once), and else from the system
//! clock. Not for a process that must start at once: the counter's speed is measured before `main`, which takes 20 ms and on
//! a busy machine several times that, also where the counter is then not used. A virtual machine that moves to a host with
//! another clock speed, without the hypervisor hiding that, measures wrong times until it is restarted; a request that
//! is under way while the machine is suspended may count with no time.
#![forbid(unsafe_code)]

#[cfg(all(fuzzing, feature = "server"))]
#[doc(hidden)]
pub mod __fuzz;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private;
#[cfg(feature = "logs")]
pub mod authentication;
#[cfg(feature = "business")]
pub mod business;
pub mod catalog;
#[cfg(any(feature = "logs", feature = "traces"))]
mod completion;
#[cfg(feature = "server")]
mod control;
#[cfg(feature = "logs")]
pub mod database;
mod error;
#[cfg(any(feature = "logs", feature = "traces"))]
mod fields;
#[cfg(feature = "server")]
pub mod health;
pub mod http;
#[cfg_attr(not(feature = "macros"), allow(unreachable_pub))]
mod label;
mod limiter;
#[cfg(feature = "logs")]
mod logs;
pub mod metrics;
mod observe;
#[cfg(feature = "traces")]
mod otlp;
mod outcome;
mod protobuf;
mod redact;
pub mod resources;
#[cfg(feature = "server")]
mod scrape;
mod setup;
#[cfg(any(feature = "logs", feature = "traces"))]
mod sql;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod status;
#[cfg(feature = "system")]
mod system;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod trace;
mod trace_context;

#[cfg(feature = "macros")]
pub use ecolaura_monitoring_macros::monitor;
pub use error::Error;
#[cfg(any(feature = "logs", feature = "traces"))]
pub use error::FlushError;
#[cfg(feature = "logs")]
pub use logs::{AccessLog, LogFormat, LogLayer};
pub use observe::{MetricNaming, Objective};
#[cfg(feature = "logs")]
pub use setup::LogsConfig;
#[cfg(feature = "server")]
pub use setup::ServerConfig;
#[cfg(feature = "traces")]
pub use setup::TracesConfig;
pub use setup::{HttpConfig, MetricsConfig, Monitoring, MonitoringBuilder};
#[cfg(feature = "macros")]
pub use status::HttpStatus;
pub use trace::{Baggage, WithBaggage, WithContext};
#[cfg(feature = "traces")]
pub use trace::{CurrentSpans, CurrentTrace, InCurrentTrace, Sampling, TracingLayer};
pub use trace_context::TraceContext;
