//! Without the feature `logs` no line is written.

use crate::error::Error;
use crate::setup::start::Start;
use crate::setup::traces::Traces;

#[derive(Debug, Default)]
pub(crate) struct LogsConfig {}

pub(crate) struct Log;

impl LogsConfig {
    pub(crate) fn start(self, _: &Start<'_>) -> Result<Log, Error> {
        Ok(Log)
    }
}

#[allow(dead_code, reason = "which of it is used, features say")]
impl Log {
    pub(crate) fn is_off(&self) -> bool {
        false
    }

    pub(crate) fn warn(&self, _: &str) -> bool {
        false
    }

    pub(crate) fn subscribe(&self, _: &Traces) {}

    pub(crate) async fn flush(&self) -> bool {
        true
    }

    pub(crate) fn finish(&self) {}
}

pub(super) mod config {
    pub(crate) use super::LogsConfig;
}
