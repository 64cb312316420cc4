//! The registry, and what is shown of it.

pub(super) mod config;
mod exemplars;
mod exporter;
