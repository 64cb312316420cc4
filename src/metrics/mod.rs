//! The metrics engine: counters, gauges and histograms with bounded label sets, recorded without a lock.
//!
//! A service registers its own metrics once, at start, from a const description, and keeps the handles:
//!
//! ```
//! use ecolaura_monitoring::Monitoring;
//! use ecolaura_monitoring::metrics::{Metric, Unit};
//!
//! const WEIGHT: Metric = Metric::histogram("parcel_weight_bytes", "Size of a label file.").unit(Unit::Bytes);
//!
//! # fn main() -> Result<(), ecolaura_monitoring::Error> {
//! # let monitoring = Monitoring::builder("docs").build()?;
//! let weight = monitoring.metrics().histogram(WEIGHT)?;
//! weight.observe(2048.0);
//! # Ok(()) }
//! ```
//!
//! - **Labels are types.** [`Family::get`] takes a value of a [`LabelSet`] and is an index into a table.
//! - **Recording** is one or two relaxed atomic adds: no lock, no allocation, no failure.
//! - **Cardinality is bounded.** A family holds at most the builder's `max_series` label sets; what comes after
//!   is recorded in a series whose labels are `_overflow` and counted in `monitoring_series_refused_total`.
//! - **Scraping** walks lists that only grow; no recorder ever waits for it.

pub(crate) mod bridge;
mod cells;
mod expose;
mod lockfree;
mod registry;

pub use crate::catalog::metric::{Kind, Metric, Unit};
pub use crate::label::{LabelSet, LabelValue};
#[cfg(feature = "macros")]
pub use ecolaura_monitoring_macros::{LabelSet, LabelValue};
pub use expose::encode::text::TEXT_CONTENT_TYPE;
pub use registry::Registry;
pub use registry::counter::Counter;
pub use registry::gauge::Gauge;
pub use registry::histogram::Histogram;
pub use registry::labelled::{DynamicFamily, Family, Handle};
pub use registry::render::Encoded;

pub(crate) use cells::exemplar_filter::ExemplarFilter;
pub(crate) use cells::histogram::nanoseconds;
#[cfg(feature = "business")]
pub(crate) use cells::losses::Losses;
#[cfg(feature = "system")]
pub(crate) use cells::timestamp::Timestamp;
pub(crate) use cells::traffic::TrafficCells;
#[cfg(feature = "server")]
pub(crate) use expose::encode::{Exposition, Output, PIECE, ROOM, Weight, clauses};
#[cfg(feature = "system")]
pub(crate) use expose::shown::Shown;
pub(crate) use expose::shown::{Looked, show};
#[cfg(any(feature = "testing", all(test, feature = "system")))]
pub(crate) use expose::sink::{Head, Sample};
pub(crate) use expose::sink::{Sink, Type, Value};
pub(crate) use lockfree::bounded::Bounded;
pub(crate) use lockfree::list::AppendList;
pub(crate) use lockfree::sync::OnceRef;
#[cfg(feature = "business")]
pub(crate) use registry::account::Account;
pub(crate) use registry::family::{FamilyCore, Shape, leak};
pub(crate) use registry::labelled::resolve;
pub(crate) use registry::names::check_names;
#[cfg(feature = "server")]
pub(crate) use registry::render::Rendering;
pub(crate) use registry::view::Part;
pub(crate) use registry::{DEFAULT_CAP, Source, own_shape};
