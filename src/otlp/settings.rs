//! Where spans and lines are sent, and how many at a time.

use std::time::Duration;

use http::{HeaderMap, Uri};

/// Who is told of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Collector,
    /// Whoever reads standard error.
    Console,
}

/// How a collector is told of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    HttpProtobuf,
    #[cfg(feature = "grpc")]
    Grpc,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    #[cfg(feature = "logs")]
    Logs,
}

impl Signal {
    /// Its name in variables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            #[cfg(feature = "logs")]
            Self::Logs => "LOGS",
        }
    }

    /// The name of what makes its batches, in variables.
    pub(crate) fn batches(self) -> &'static str {
        match self {
            Self::Traces => "BSP",
            #[cfg(feature = "logs")]
            Self::Logs => "BLRP",
        }
    }

    /// Where it is sent at a collector by HTTP.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            #[cfg(feature = "logs")]
            Self::Logs => "/v1/logs",
        }
    }
}

impl Protocol {
    /// The collector's address unless told otherwise.
    pub(crate) fn default_endpoint(self, signal: Signal) -> &'static str {
        match (self, signal) {
            (Self::HttpProtobuf, Signal::Traces) => "http://localhost:4318/v1/traces",
            #[cfg(feature = "logs")]
            (Self::HttpProtobuf, Signal::Logs) => "http://localhost:4318/v1/logs",
            #[cfg(feature = "grpc")]
            (Self::Grpc, Signal::Traces) => {
                "http://localhost:4317/opentelemetry.proto.collector.trace.v1.TraceService/Export"
            }
            #[cfg(all(feature = "grpc", feature = "logs"))]
            (Self::Grpc, Signal::Logs) => {
                "http://localhost:4317/opentelemetry.proto.collector.logs.v1.LogsService/Export"
            }
        }
    }
}

/// What the exporter needs to know.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) to: To,
    pub(crate) protocol: Protocol,
    /// The collector's address, path included.
    pub(crate) endpoint: Uri,
    /// Sent with each request; may hold secrets, and is never shown.
    pub(crate) headers: HeaderMap,
    pub(crate) gzip: bool,
    #[cfg(feature = "tls")]
    pub(crate) files: Files,
    /// How long a batch may take, its repetitions included.
    pub(crate) timeout: Duration,
    /// How long spans wait for others to be sent with.
    pub(crate) delay: Duration,
    /// Spans of a request.
    pub(crate) batch: usize,
}

/// What connections are secured with.
#[cfg(feature = "tls")]
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Files {
    /// By which the collector is known; else by those of the system.
    pub(crate) certificate: Option<File>,
    /// What the collector knows us by: a certificate and its key.
    pub(crate) client: Option<(File, File)>,
}

/// A file, and the variable that names it.
#[cfg(feature = "tls")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) path: String,
}

impl Settings {
    /// What is meant where nothing is said.
    pub(crate) fn of(signal: Signal) -> Self {
        let protocol = Protocol::HttpProtobuf;
        Self {
            to: To::Collector,
            protocol,
            endpoint: Uri::from_static(protocol.default_endpoint(signal)),
            headers: HeaderMap::new(),
            gzip: false,
            #[cfg(feature = "tls")]
            files: Files::default(),
            timeout: Duration::from_secs(10),
            delay: match signal {
                Signal::Traces => Duration::from_secs(5),
                #[cfg(feature = "logs")]
                Signal::Logs => Duration::from_secs(1),
            },
            batch: 512,
        }
    }
}
