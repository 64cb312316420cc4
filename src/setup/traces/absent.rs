//! Without the feature `traces` no span is made.

use crate::error::Error;
use crate::setup::start::Start;

#[derive(Debug, Default)]
pub(crate) struct TracesConfig {}

pub(crate) struct Traces;

impl TracesConfig {
    pub(crate) fn start(self, _: &Start<'_>) -> Result<Traces, Error> {
        Ok(Traces)
    }
}

#[allow(dead_code, reason = "which of it is used, features say")]
impl Traces {
    pub(crate) fn are_exported(&self) -> bool {
        false
    }

    pub(crate) async fn flush(&self, _: std::time::Duration) -> bool {
        true
    }

    pub(crate) fn finish(&self) {}

    pub(crate) async fn leave(
        &self,
        _: std::time::Duration,
        _: impl Future<Output = ()>,
    ) -> Option<String> {
        None
    }
}

pub(super) mod config {
    pub(crate) use super::TracesConfig;
}
