//! The recorder of the `metrics` crate: what other crates record with its macros appears in our `/metrics`.
//!
//! In these files `metrics::` is that crate and `crate::metrics::` our module.
//!
//! - **A key that is known** (`counter!("x", "to" => "Oslo")` for the second time) is found without a lock, and without an allocation where it
//!   has at most seven labels, whose comparison is the crate's. What comes back is one more reference to the cells of its series.
//! - **Label names differ** from series to series of a family, so families are a store of their own, made of the registry's parts.
//! - **Bounds** are the registry's: as many families, and as many label sets of each. What finds no room is counted.
//! - **Names** stay as they are; the formats escape them for scrapers that want it. A family whose name is taken is not shown but
//!   counted in `monitoring_families_refused_total`.

mod description;
mod family;
mod handles;
mod labels;
mod recorder;
mod store;

pub(crate) use recorder::Recorder;
