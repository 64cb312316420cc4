//! placeholder
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate self as ecolaura_monitoring;

#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private;
pub mod catalog;
mod error;
#[cfg(feature = "server")]
pub mod health;
pub mod http;
#[cfg_attr(not(feature = "macros"), allow(unreachable_pub))]
mod label;
pub mod metrics;
mod observe;
mod outcome;
#[cfg(feature = "server")]
mod scrape;
mod setup;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod status;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "macros")]
pub use ecolaura_monitoring_macros::monitor;
pub use error::Error;
pub use observe::Objective;
pub use outcome::Outcome;
pub use setup::{Monitoring, MonitoringBuilder};
