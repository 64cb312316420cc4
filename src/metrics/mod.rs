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

mod bounded;
mod counter;
mod encode;
mod exemplar;
#[cfg(feature = "metrics")]
pub(crate) mod facade;
mod family;
mod filter;
mod gauge;
mod histogram;
mod index;
mod labelled;
mod layout;
mod list;
mod losses;
mod names;
mod native;
mod only;
#[cfg(feature = "prometheus")]
pub(crate) mod prometheus;
mod refusal;
mod registry;
mod render;
mod shown;
mod sink;
mod snapshot;
mod static_labels;
mod stripe;
mod sync;
mod timestamp;
mod traffic;
mod view;
mod wide;

pub use crate::catalog::{Kind, Metric, Unit};
pub use crate::label::{LabelSet, LabelValue};
pub use counter::Counter;
#[cfg(feature = "macros")]
pub use ecolaura_monitoring_macros::{LabelSet, LabelValue};
pub use encode::text::TEXT_CONTENT_TYPE;
pub use gauge::Gauge;
pub use histogram::Histogram;
pub use labelled::{DynamicFamily, Family, Handle};
pub use registry::Registry;
pub use render::Encoded;

pub(crate) use bounded::Bounded;
#[cfg(feature = "server")]
pub(crate) use encode::{Exposition, Output, PIECE, ROOM, Weight, clauses};
pub(crate) use family::{Series, Shape, leak};
pub(crate) use filter::ExemplarFilter;
pub(crate) use histogram::nanoseconds;
pub(crate) use labelled::resolve;
pub(crate) use list::AppendList;
#[cfg(feature = "business")]
pub(crate) use losses::{Account, Losses};
pub(crate) use names::check_names;
pub(crate) use registry::Source;
pub(crate) use registry::{DEFAULT_CAP, own_shape};
#[cfg(feature = "server")]
pub(crate) use render::Rendering;
#[cfg(feature = "system")]
pub(crate) use shown::Shown;
pub(crate) use shown::{Looked, show};
#[cfg(feature = "testing")]
pub(crate) use sink::{Head, Sample};
pub(crate) use sink::{Sink, Type, Value};
pub(crate) use sync::OnceRef;
#[cfg(feature = "system")]
pub(crate) use timestamp::Timestamp;
pub(crate) use traffic::TrafficCells;
pub(crate) use view::Part;
