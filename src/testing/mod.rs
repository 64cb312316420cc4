//! Read back what was recorded, in the tests of a service; no globals. Feature `testing`.
//!
//! ```
//! # fn main() -> Result<(), ecolaura_monitoring::Error> {
//! use ecolaura_monitoring::Monitoring;
//! use ecolaura_monitoring::metrics::Metric;
//!
//! let monitoring = Monitoring::builder("test").build()?;
//! let packed = monitoring.metrics().counter(Metric::counter("boxes_packed_total", "Boxes."))?;
//! packed.add(2);
//! assert_eq!(monitoring.recorded().value("boxes_packed_total", &[]), Some(2.0));
//! # Ok(()) }
//! ```

mod recorded;
mod scoped;

pub use recorded::{Recorded, RecordedHistogram};
pub use scoped::Scoped;
