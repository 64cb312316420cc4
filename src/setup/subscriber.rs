//! The subscriber of `tracing` that `init` installs, and what it needs.

use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::completion::Completion;
use crate::logs::{LogBridge, LogLayer, Logs, Writer, may_tell_of_queries};
use crate::setup::monitoring::Monitoring;
use crate::setup::panics::record_panics;
#[cfg(feature = "traces")]
use crate::trace::{self, CurrentSpans, TracingLayer};

/// What writes the lines of a monitoring.
pub(crate) struct Logging {
    pub(crate) logs: &'static Logs,
    pub(crate) writer: Writer,
    /// Whether `init` installs a subscriber.
    pub(crate) subscribes: bool,
}

impl Logging {
    /// Resolves when the lines that wait now are written; whether they were.
    pub(crate) async fn flush(&self) -> bool {
        let (done, wait) = tokio::sync::oneshot::channel();
        self.writer.flush(move |is_written| {
            let _ = done.send(is_written);
        });
        wait.await.unwrap_or(false)
    }
}

impl Monitoring {
    /// The layer that writes lines, for a subscriber of the service's own; `None` where no lines are written.
    ///
    /// ```
    /// use ecolaura_monitoring::{Monitoring, TracingLayer};
    /// use tracing_subscriber::filter::LevelFilter;
    /// use tracing_subscriber::layer::SubscriberExt as _;
    ///
    /// # fn main() -> Result<(), ecolaura_monitoring::Error> {
    /// let monitoring = Monitoring::builder("shop").without_subscriber().build()?;
    /// let subscriber = tracing_subscriber::registry()
    ///     .with(LevelFilter::INFO)
    ///     .with(monitoring.log_layer())
    ///     .with(TracingLayer::new());
    /// # let _ = subscriber;
    /// # Ok(()) }
    /// ```
    pub fn log_layer(&self) -> Option<LogLayer> {
        let logging = self.0.parts.logging.as_ref()?;
        Some(LogLayer(logging.logs))
    }

    /// Where lines are written, if they are.
    #[cfg(feature = "server")]
    pub(crate) fn logs(&self) -> Option<&'static Logs> {
        self.0.parts.logging.as_ref().map(|logging| logging.logs)
    }

    /// Installs the subscriber, if that is wanted: whoever was faster has his.
    pub(crate) fn subscribe(&self) {
        let Some(logging) = &self.0.parts.logging else {
            #[cfg(feature = "traces")]
            self.subscribe_spans();
            return;
        };
        record_panics(logging.logs);
        if !logging.subscribes {
            return;
        }
        let subscriber = tracing_subscriber::registry()
            .with(Gate(logging.logs))
            .with(LogLayer(logging.logs));
        #[cfg(feature = "traces")]
        let subscriber = CurrentSpans::new(subscriber.with(TracingLayer::new()));
        if tracing::subscriber::set_global_default(subscriber).is_ok() {
            logging.logs.filter.gates();
            // Unless somebody has a logger of his own.
            if LogBridge::install() {
                logging.logs.filter.bridge();
            }
        }
    }

    /// Installs the subscriber for spans alone, if that is wanted.
    #[cfg(feature = "traces")]
    fn subscribe_spans(&self) {
        if !self.0.parts.subscribes_spans || self.0.parts.exporter.is_none() {
            return;
        }
        let subscriber = tracing_subscriber::registry()
            .with(LevelFilter::INFO)
            .with(TracingLayer::new());
        if tracing::subscriber::set_global_default(CurrentSpans::new(subscriber)).is_ok() {
            trace::takes_spans_alone();
        }
    }

    /// Writes the lines that wait, and waits for it, but not for long. Reports how many were not written.
    pub(crate) fn write_lines(&self) {
        const LONGEST: Duration = Duration::from_millis(500);
        if let Some(logging) = &self.0.parts.logging {
            let completion = Completion::default();
            let completer = completion.completer();
            logging
                .writer
                .flush(|is_written| completer.complete(is_written));
            let waiting = match completion.wait(LONGEST) {
                true => 0,
                false => logging.logs.output.unwritten(),
            };
            let lines = match waiting {
                0 => return,
                1 => "1 line of the log was",
                _ => &format!("{waiting} lines of the log were"),
            };
            eprintln!("{lines} not written: what they are written to takes no more");
        }
    }
}

/// Switches off what nobody wants, so that it costs nothing.
struct Gate(&'static Logs);

impl Gate {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        self.0.filter.may_want(metadata)
            || may_tell_of_queries(metadata)
            || self.spans().is_some_and(|level| *metadata.level() <= level)
    }

    /// What is part of traces, whatever is part of logs.
    fn spans(&self) -> Option<Level> {
        cfg!(feature = "traces").then_some(Level::INFO)
    }
}

impl<S: Subscriber> Layer<S> for Gate {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match self.wants(metadata) {
            true => Interest::always(),
            false => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // What tells of queries does so at this level.
        Some(self.0.filter.most_detailed().max(LevelFilter::DEBUG))
    }
}
