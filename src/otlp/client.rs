//! One request to the collector.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzEncoder;
use http::header::{
    CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use http::response::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::error::Error;
use crate::otlp::encode;
#[cfg(feature = "grpc")]
use crate::otlp::grpc;
use crate::otlp::settings::{Protocol, Settings};
#[cfg(feature = "tls")]
use crate::otlp::tls;

/// Bytes of an answer that are read: a collector's is a few dozen.
pub(super) const LONGEST_ANSWER: usize = 64 * 1024;

/// How long the rest of an answer may take.
const ANSWER: Duration = Duration::from_secs(1);

/// How long the collector may tell us to wait.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;

pub(super) struct Client {
    http: hyper_util::client::legacy::Client<Connector, Full<Bytes>>,
    settings: Settings,
}

/// Why spans were not taken.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) why: String,
    /// Nobody is there.
    pub(super) is_unreachable: bool,
    /// Whether it may be better later.
    pub(super) is_passing: bool,
    /// How long the collector says to wait.
    pub(super) wait: Option<Duration>,
}

impl Client {
    pub(super) fn new(settings: Settings) -> Result<Self, Error> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(settings.timeout));
        #[cfg(feature = "tls")]
        let connector = {
            connector.enforce_http(false);
            tls::connector(connector, &settings)?
        };
        let mut builder = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
        builder.pool_max_idle_per_host(1);
        #[cfg(feature = "grpc")]
        builder.http2_only(settings.protocol == Protocol::Grpc);
        let http = builder.build(connector);
        Ok(Self { http, settings })
    }

    /// What is sent: compressed, where that is asked for.
    pub(super) fn body(&self, request: Vec<u8>) -> Bytes {
        let message = match self.settings.gzip {
            true => compressed(&request),
            false => request,
        };
        match self.settings.protocol {
            Protocol::HttpProtobuf => message.into(),
            #[cfg(feature = "grpc")]
            Protocol::Grpc => grpc::framed(&message, self.settings.gzip).into(),
        }
    }

    /// Sends spans; gives back how many of them the collector did not take.
    pub(super) async fn send(&self, body: Bytes) -> Result<u64, Failure> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.settings.endpoint.clone();
        let headers = request.headers_mut();
        match self.settings.protocol {
            Protocol::HttpProtobuf => describe(headers, self.settings.gzip),
            #[cfg(feature = "grpc")]
            Protocol::Grpc => grpc::describe(headers, self.settings.gzip),
        }
        let agent = concat!("ecolaura-monitoring/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        for (name, value) in &self.settings.headers {
            headers.insert(name, value.clone());
        }
        let answer = self.http.request(request).await.map_err(|error| Failure {
            is_unreachable: error.is_connect(),
            ..Failure::passing(format!("the collector cannot be reached: {}", root(&error)))
        })?;
        match self.settings.protocol {
            Protocol::HttpProtobuf => read(answer).await,
            #[cfg(feature = "grpc")]
            Protocol::Grpc => grpc::read(answer).await,
        }
    }
}

impl Failure {
    /// One that may be over later.
    pub(super) fn passing(why: String) -> Self {
        Self {
            why,
            is_unreachable: false,
            is_passing: true,
            wait: None,
        }
    }
}

fn compressed(request: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let _ = encoder.write_all(request); // into memory
    encoder.finish().unwrap_or_default()
}

/// Says how a message is to be read.
fn describe(headers: &mut HeaderMap, is_compressed: bool) {
    let kind = HeaderValue::from_static("application/x-protobuf");
    headers.insert(CONTENT_TYPE, kind);
    if is_compressed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

async fn read(answer: Response<Incoming>) -> Result<u64, Failure> {
    let (head, body) = answer.into_parts();
    if !head.status.is_success() {
        return Err(refused(&head));
    }
    // Whatever else it says, or does not say, it has taken them.
    let body = Limited::new(body, LONGEST_ANSWER).collect();
    match tokio::time::timeout(ANSWER, body).await {
        Ok(Ok(body)) => Ok(encode::rejected(&body.to_bytes())),
        Ok(Err(_)) | Err(_) => Ok(0),
    }
}

/// A request that HTTP itself refuses.
pub(super) fn refused(head: &Parts) -> Failure {
    let wait = head.headers.get(RETRY_AFTER);
    let seconds = wait.and_then(|value| value.to_str().ok()?.parse().ok());
    Failure {
        is_passing: is_passing(head.status),
        wait: seconds.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT)),
        ..Failure::passing(format!("the collector answered {}", head.status))
    }
}

/// The answers after which the protocol has requests repeated.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// What an error comes from in the end.
fn root(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}
