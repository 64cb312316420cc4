//! Bridges to the crates `prometheus` and `metrics`.

#[cfg(feature = "metrics")]
pub(crate) mod facade;
#[cfg(feature = "prometheus")]
pub(crate) mod prometheus;
