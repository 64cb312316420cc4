//! The end of the process: queued spans and lines are sent, and losses are reported.

use std::cell::Cell;
#[cfg(feature = "server")]
use std::time::Duration;

use crate::setup::monitoring::Monitoring;

thread_local! {
    /// Dropped when the thread that called `init` ends, which most likely is the main one.
    static END: Cell<Option<End>> = const { Cell::new(None) };
}

/// How much longer than a flush its answer may take.
#[cfg(all(feature = "server", feature = "traces"))]
const ANSWER: Duration = Duration::from_millis(200);

/// Finishes what `init` made when it is dropped.
struct End;

impl Monitoring {
    /// Sends the spans and writes the lines that wait, and waits for it: at most some 2.6 seconds, and no time at all where none wait.
    pub(crate) fn finish(&self) {
        #[cfg(feature = "traces")]
        if let Some(exporter) = &self.0.parts.exporter {
            exporter.finish();
        }
        #[cfg(feature = "logs")]
        self.write_lines();
    }

    /// Does the same once more when this thread ends: the last value that the service has may be gone long before, or never go.
    pub(crate) fn finish_with_thread() {
        END.set(Some(End));
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(kept) = Monitoring::kept() {
            kept.finish();
        }
    }
}

#[cfg(feature = "server")]
impl Monitoring {
    /// Lets leave what waits at the end of [`serve`](Self::serve), says what does not, and waits no longer than this.
    pub(crate) async fn leave(&self, within: Duration, stop: impl Future<Output = ()>) {
        #[cfg(feature = "traces")]
        if let Some(exporter) = &self.0.parts.exporter {
            let why = tokio::select! {
                _ = exporter.flush_last(within) => None, // which says what is lost
                () = stop => Some("a second signal came before"),
                // Such as a console whose reader has stopped.
                () = tokio::time::sleep(within + ANSWER) => Some("it does not take them in time"),
            };
            if let (Some(why), unsent @ 1..) = (why, exporter.unsent()) {
                self.warn(&format!(
                    "{} not exported to {}: {why}",
                    crate::otlp::spans_were(unsent),
                    exporter.address(),
                ));
            }
        }
        #[cfg(not(feature = "traces"))]
        let _ = (within, stop);
        #[cfg(feature = "logs")]
        self.write_lines();
    }
}
