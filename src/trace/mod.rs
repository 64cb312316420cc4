//! Traces: what is recorded of a request and of what is done for it, and which of it is kept.
//!
//! Spans are collected beside their request and handed on when it ends, so that what was done for a request that failed is kept
//! also where few others are. Nothing here waits: what finds no room is dropped and counted.
#![cfg_attr(
    not(feature = "traces"),
    allow(dead_code, unreachable_pub, unused_imports)
)]

mod baggage;
pub(crate) mod current;
#[cfg(feature = "traces")]
mod current_span;
#[cfg(feature = "traces")]
mod current_trace;
#[cfg(feature = "traces")]
mod event;
mod id;
#[cfg(feature = "traces")]
mod layer;
#[cfg(feature = "traces")]
mod open_fields;
pub(crate) mod propagation;
mod queue;
#[cfg(any(feature = "server", feature = "traces"))]
mod reader;
mod recording;
#[cfg(feature = "traces")]
mod role;
mod sampling;
mod span;
pub(crate) mod state;
mod tracer;
mod with_context;

pub use baggage::Baggage;
#[cfg(feature = "traces")]
pub use current_span::CurrentSpans;
#[cfg(feature = "traces")]
pub use current_trace::CurrentTrace;
#[cfg(feature = "traces")]
pub use layer::TracingLayer;
pub use sampling::Sampling;
#[cfg(feature = "traces")]
pub use with_context::InCurrentTrace;
pub use with_context::{WithBaggage, WithContext};

pub(crate) use propagation::{Along, Propagators};
#[cfg(feature = "traces")]
pub(crate) use queue::Receiver;
#[cfg(any(feature = "server", feature = "traces"))]
pub(crate) use reader::has_reader;
#[cfg(all(feature = "logs", feature = "traces"))]
pub(crate) use reader::takes_spans_alone;
pub(crate) use recording::Recording;
pub(crate) use span::{Attribute, Kind, Span, Status};
#[cfg(feature = "traces")]
pub(crate) use span::{Event, Finished, Value};
pub(crate) use tracer::Tracer;
#[cfg(feature = "traces")]
pub(crate) use tracer::{BATCHES_AHEAD, Limits};
