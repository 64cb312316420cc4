//! Exposition formats: free functions and writers over what a scrape hands on, without a server or a clock.

mod accept;
mod clauses;
mod escape;
mod format;
mod labels;
mod line;
mod number;
mod openmetrics;
mod output;
mod protobuf;
pub(crate) mod text;

#[cfg(feature = "server")]
pub(crate) use clauses::{Weight, clauses};
#[cfg(feature = "metrics")]
pub(crate) use escape::{Owner, escape, is_legacy};
#[cfg(feature = "metrics")]
pub(crate) use format::Escaping;
pub(crate) use format::{Exposition, Format};
pub(crate) use labels::{label, push_label};
pub(crate) use openmetrics::OpenMetrics;
pub(crate) use output::Output;
#[cfg(feature = "server")]
pub(crate) use output::{PIECE, ROOM};
pub(crate) use protobuf::Protobuf;
pub(crate) use text::Text;
