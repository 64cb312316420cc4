//! Where spans are sent, and how many at a time.

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

impl Protocol {
    /// The collector's address unless told otherwise.
    pub(crate) fn default_endpoint(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "http://localhost:4318/v1/traces",
            #[cfg(feature = "grpc")]
            Self::Grpc => {
                "http://localhost:4317/opentelemetry.proto.collector.trace.v1.TraceService/Export"
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

impl Default for Settings {
    fn default() -> Self {
        Self {
            to: To::Collector,
            protocol: Protocol::HttpProtobuf,
            endpoint: Uri::from_static(Protocol::HttpProtobuf.default_endpoint()),
            headers: HeaderMap::new(),
            gzip: false,
            #[cfg(feature = "tls")]
            files: Files::default(),
            timeout: Duration::from_secs(10),
            delay: Duration::from_secs(5),
            batch: 512,
        }
    }
}
