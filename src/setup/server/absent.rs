//! Without the feature `server` nothing listens.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::error::Error;
use crate::setup::monitoring::{Inner, Monitoring, Parts};
use crate::setup::start::Start;

#[derive(Debug, Default)]
pub(crate) struct ServerConfig {}

pub(crate) struct Settings;

impl ServerConfig {
    pub(crate) fn settle(self, _: &Start<'_>) -> Result<Settings, Error> {
        Ok(Settings)
    }
}

impl Monitoring {
    pub(crate) fn start(parts: Parts) -> Result<Self, Error> {
        Ok(Self(Arc::new(Inner {
            handles: AtomicUsize::new(1),
            parts,
        })))
    }

    pub(crate) fn announce(&self) {}

    pub(crate) fn watch_runtime(&self) {}
}

pub(super) mod config {
    pub(crate) use super::ServerConfig;
}
