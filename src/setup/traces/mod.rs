//! Traces: which are kept, where they go, and the exporter that runs.

pub(super) mod config;
mod env;
pub(super) mod otlp;

use std::time::Duration;

use crate::otlp::Exporter;

/// The exporter, where spans are exported.
pub(crate) struct Traces(Option<Exporter>);

impl Traces {
    /// Whether spans are exported.
    #[cfg(feature = "logs")]
    pub(crate) fn are_exported(&self) -> bool {
        self.0.is_some()
    }

    /// Exports the spans that wait; whether all were taken within this time.
    pub(crate) async fn flush(&self, within: Duration) -> bool {
        match &self.0 {
            Some(exporter) => matches!(exporter.flush(within).await, Ok(true)),
            None => true,
        }
    }

    /// Exports the spans that wait, and blocks for two seconds at most.
    pub(crate) fn finish(&self) {
        if let Some(exporter) = &self.0 {
            exporter.finish();
        }
    }

    /// Exports the spans that wait at the end of `serve`, unless `stop` comes before; what to warn of.
    #[cfg(feature = "server")]
    pub(crate) async fn leave(
        &self,
        within: Duration,
        stop: impl Future<Output = ()>,
    ) -> Option<String> {
        /// How much longer than a flush its answer may take.
        const ANSWER: Duration = Duration::from_millis(200);
        let exporter = self.0.as_ref()?;
        let why = tokio::select! {
            _ = exporter.flush_last(within) => return None, // which says what is lost
            () = stop => "a second signal came before",
            // Such as a console whose reader has stopped.
            () = tokio::time::sleep(within + ANSWER) => "it does not take them in time",
        };
        let unsent @ 1.. = exporter.unsent() else {
            return None;
        };
        let (spans, address) = (crate::otlp::spans_were(unsent), exporter.address());
        Some(format!("{spans} not exported to {address}: {why}"))
    }
}
