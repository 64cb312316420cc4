//! The one error of set-up: opaque, with questions.

use std::borrow::Cow;
use std::fmt;

/// Why the set-up was refused; its text says what to do.
///
/// Returned by [`Monitoring::init`](crate::Monitoring::init), by the builder, and where a metric is
/// registered. Nothing on the request path returns it.
pub struct Error {
    kind: Kind,
    message: Cow<'static, str>,
    source: Option<std::io::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Configuration,
    Metric,
    Listener,
    #[cfg(any(feature = "logs", feature = "traces"))]
    Exporter,
    AlreadyInitialised,
}

impl Error {
    pub(crate) fn configuration(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Configuration, message, None)
    }

    pub(crate) fn metric(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Metric, message, None)
    }

    #[cfg(feature = "server")]
    pub(crate) fn listener(message: impl Into<Cow<'static, str>>, source: std::io::Error) -> Self {
        Self::new(Kind::Listener, message, Some(source))
    }

    #[cfg(feature = "traces")]
    pub(crate) fn exporter(source: std::io::Error) -> Self {
        let message = format!("the thread that exports spans cannot be started: {source}");
        Self::new(Kind::Exporter, message, Some(source))
    }

    #[cfg(feature = "logs")]
    pub(crate) fn log_writer(source: std::io::Error) -> Self {
        let message = format!("the thread that writes the log cannot be started: {source}");
        Self::new(Kind::Exporter, message, Some(source))
    }

    pub(crate) fn already_initialised() -> Self {
        let message = "Monitoring is already initialised in this process: call `init` once, in \
                       `main`, and clone the value; use `build` where several are wanted (tests)";
        Self::new(Kind::AlreadyInitialised, message, None)
    }

    fn new(
        kind: Kind,
        message: impl Into<Cow<'static, str>>,
        source: Option<std::io::Error>,
    ) -> Self {
        let message = message.into();
        Self {
            kind,
            message,
            source,
        }
    }

    /// A value given in code or in the environment is wrong.
    pub fn is_configuration(&self) -> bool {
        self.kind == Kind::Configuration
    }

    /// A metric's description breaks a rule or clashes with one that is registered.
    pub fn is_metric(&self) -> bool {
        self.kind == Kind::Metric
    }

    /// A listener could not be opened or failed.
    pub fn is_listener(&self) -> bool {
        self.kind == Kind::Listener
    }

    /// `init` was called a second time.
    pub fn is_already_initialised(&self) -> bool {
        self.kind == Kind::AlreadyInitialised
    }
}

/// What [`Monitoring::flush`](crate::Monitoring::flush) could not get out in time.
///
/// Spans that a collector refused or that were dropped before, and lines that could not be written, are counted in
/// `monitoring_spans_dropped_total` and `monitoring_log_lines_dropped_total` as well.
#[cfg(any(feature = "logs", feature = "traces"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlushError(pub(crate) Unflushed);

#[cfg(any(feature = "logs", feature = "traces"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unflushed {
    Spans,
    Lines,
    Both,
    /// The time was over before it was known what is left.
    Unknown,
}

#[cfg(any(feature = "logs", feature = "traces"))]
impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Unflushed::Spans => "not all spans were exported",
            Unflushed::Lines => "not all lines of the log were written",
            Unflushed::Both => "not all spans were exported, and not all lines of the log written",
            Unflushed::Unknown => "the time limit passed before all spans were exported and all lines of the log written",
        })
    }
}

#[cfg(any(feature = "logs", feature = "traces"))]
impl std::error::Error for FlushError {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    // `main` that returns this error prints the debug form: people read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
