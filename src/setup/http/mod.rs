//! What the layer of requests is told.

pub(super) mod config;
pub(super) mod propagators;
