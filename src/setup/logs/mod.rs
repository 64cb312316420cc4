//! The log: which lines are written, where they go, and the subscriber of `tracing` that `init` installs.

pub(super) mod config;
mod panics;
mod subscriber;

use std::time::Duration;

use crate::completion::Completion;
use crate::logs::{Logs, Writer};

/// What becomes of the log.
pub(crate) enum Log {
    Written(Lines),
    /// Another subscriber is installed, or none: that of a monitoring made by `build`.
    Elsewhere,
    /// Switched off, by the code or the environment.
    Off {
        /// Whether `init` installs a subscriber for spans.
        #[cfg_attr(not(feature = "traces"), allow(dead_code))]
        subscribes: bool,
    },
}

/// What writes the lines of a monitoring.
pub(crate) struct Lines {
    logs: &'static Logs,
    writer: Writer,
    /// Whether `init` installs a subscriber.
    subscribes: bool,
}

impl Log {
    /// Whether the service wants no log: then standard error has warnings alone.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) fn is_off(&self) -> bool {
        matches!(self, Self::Off { .. })
    }

    fn lines(&self) -> Option<&Lines> {
        match self {
            Self::Written(lines) => Some(lines),
            Self::Elsewhere | Self::Off { .. } => None,
        }
    }

    /// Where lines are written, if they are.
    pub(crate) fn logs(&self) -> Option<&'static Logs> {
        self.lines().map(|lines| lines.logs)
    }

    /// Logs a warning; whether there is a log.
    pub(crate) fn warn(&self, what: &str) -> bool {
        let logs = self.logs();
        logs.inspect(|logs| logs.warn(what)).is_some()
    }

    /// Resolves when the lines that wait now are written; whether they were.
    pub(crate) async fn flush(&self) -> bool {
        let Some(lines) = self.lines() else {
            return true;
        };
        let (done, wait) = tokio::sync::oneshot::channel();
        lines.writer.flush(move |is_written| {
            let _ = done.send(is_written);
        });
        wait.await.unwrap_or(false)
    }

    /// Writes the lines that wait, and blocks for half a second at most. Reports how many were not written.
    pub(crate) fn finish(&self) {
        const LONGEST: Duration = Duration::from_millis(500);
        let Some(lines) = self.lines() else {
            return;
        };
        let completion = Completion::default();
        let completer = completion.completer();
        lines
            .writer
            .flush(|is_written| completer.complete(is_written));
        if completion.wait(LONGEST) {
            return;
        }
        let unwritten = match lines.logs.output.unwritten() {
            0 => return,
            1 => "1 line of the log was",
            waiting => &format!("{waiting} lines of the log were"),
        };
        eprintln!("{unwritten} not written: what they are written to takes no more");
    }
}
