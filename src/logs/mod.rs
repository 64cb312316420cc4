//! Logs: one line for each event of `tracing`, and for each request, by the Elastic Common Schema.
//!
//! A line is made where its event is, since only there its fields are; that of a request by the thread that writes, which has the time.
//! Nothing here waits: what finds no room is dropped and counted.

mod access;
mod attempt;
#[cfg(feature = "server")]
mod audit;
mod bridge;
mod callsite;
mod directives;
mod escape;
mod fields;
mod filter;
mod layer;
mod line;
mod output;
mod own;
mod pairs;
mod panics;
mod query;
mod settings;
mod target;
mod time;
mod writer;

pub use access::AccessLog;
pub use layer::LogLayer;
pub use settings::LogFormat;

pub(crate) use access::{Ended, Visit};
pub(crate) use attempt::Attempted;
pub(crate) use bridge::LogBridge;
pub(crate) use filter::{ACCEPTED as ACCEPTED_FILTERS, DEFAULT as DEFAULT_FILTER, Filter};
#[cfg(feature = "traces")]
pub(crate) use line::SCOPE_RECORDS;
pub(crate) use panics::Panicked;
pub(crate) use query::{Listener, QueryEnded, QueryEvent, Rows, TakesQueries, may_tell_of_queries};
pub(crate) use settings::{Logs, Settings};
pub(crate) use target::Target;
pub(crate) use writer::Writer;
