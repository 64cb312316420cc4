//! Records of the crate `log` as events of `tracing`, with their keys and values.

use log::{Log, Metadata, Record};
use tracing_log::LogTracer;

use crate::fields;

/// The logger that makes events of records. `tracing-log` has one, which drops keys and values.
pub(crate) struct LogBridge(LogTracer);

impl LogBridge {
    /// Installs it; `false` where another logger is installed.
    pub(crate) fn install() -> bool {
        let logger = Box::new(Self(LogTracer::new()));
        log::set_boxed_logger(logger).is_ok()
    }
}

impl Log for LogBridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            fields::with_key_values(record.key_values(), || {
                let _ = tracing_log::format_trace(record); // which never fails
            });
        }
    }

    fn flush(&self) {}
}
