//! The subscriber of `tracing` that `init` installs.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::logs::{LogBridge, LogLayer, Logs, may_tell_of_queries};
use crate::setup::logs::panics::record_panics;
use crate::setup::logs::{Lines, Log};
use crate::setup::traces::Traces;
#[cfg(feature = "traces")]
use crate::trace::{self, CurrentSpans, TracingLayer};

impl Log {
    /// Installs the subscriber, if that is wanted: whoever was faster has his.
    #[cfg_attr(not(feature = "traces"), allow(unused_variables))]
    pub(crate) fn subscribe(&self, traces: &Traces) {
        match self {
            Self::Written(lines) => lines.subscribe(),
            #[cfg(feature = "traces")]
            Self::Off { subscribes: true } if traces.are_exported() => subscribe_spans(),
            Self::Off { .. } | Self::Elsewhere => {}
        }
    }
}

impl Lines {
    fn subscribe(&self) {
        record_panics(self.logs);
        if !self.subscribes {
            return;
        }
        let subscriber = tracing_subscriber::registry()
            .with(Gate(self.logs))
            .with(LogLayer(self.logs));
        #[cfg(feature = "traces")]
        let subscriber = CurrentSpans::new(subscriber.with(TracingLayer::new()));
        if tracing::subscriber::set_global_default(subscriber).is_ok() {
            self.logs.filter.gates();
            // Unless somebody has a logger of his own.
            if LogBridge::install() {
                self.logs.filter.bridge();
            }
        }
    }
}

/// Installs the subscriber for spans alone.
#[cfg(feature = "traces")]
fn subscribe_spans() {
    let subscriber = tracing_subscriber::registry()
        .with(LevelFilter::INFO)
        .with(TracingLayer::new());
    if tracing::subscriber::set_global_default(CurrentSpans::new(subscriber)).is_ok() {
        trace::takes_spans_alone();
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
