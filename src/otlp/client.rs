//! One request to the collector.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::error::Error;
use crate::otlp::encode;
use crate::otlp::settings::Settings;
#[cfg(feature = "tls")]
use crate::otlp::tls;

/// Bytes of an answer that are read: a collector's is a few dozen.
const LONGEST_ANSWER: usize = 64 * 1024;

/// How long the rest of an answer may take.
const ANSWER: Duration = Duration::from_secs(1);

/// How long the collector may tell us to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

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
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(1)
            .build(connector);
        Ok(Self { http, settings })
    }

    /// What is sent: compressed, where that is asked for.
    pub(super) fn body(&self, request: Vec<u8>) -> Bytes {
        if !self.settings.gzip {
            return request.into();
        }
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let _ = encoder.write_all(&request); // into memory
        encoder.finish().unwrap_or_default().into()
    }

    /// Sends spans; gives back how many of them the collector did not take.
    pub(super) async fn send(&self, body: Bytes) -> Result<u64, Failure> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.settings.endpoint.clone();
        let headers = request.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-protobuf"),
        );
        let agent = concat!("ecolaura-monitoring/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        if self.settings.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        for (name, value) in &self.settings.headers {
            headers.insert(name, value.clone());
        }
        let answer = self.http.request(request).await.map_err(|error| Failure {
            why: format!("the collector cannot be reached: {}", root(&error)),
            is_unreachable: error.is_connect(),
            is_passing: true,
            wait: None,
        })?;
        read(answer).await
    }
}

async fn read(answer: Response<Incoming>) -> Result<u64, Failure> {
    let (head, body) = answer.into_parts();
    if !head.status.is_success() {
        let wait = head.headers.get(RETRY_AFTER);
        let seconds = wait.and_then(|value| value.to_str().ok()?.parse().ok());
        return Err(Failure {
            why: format!("the collector answered {}", head.status),
            is_unreachable: false,
            is_passing: is_passing(head.status),
            wait: seconds.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT)),
        });
    }
    // Whatever else it says, or does not say, it has taken them.
    let body = Limited::new(body, LONGEST_ANSWER).collect();
    match tokio::time::timeout(ANSWER, body).await {
        Ok(Ok(body)) => Ok(encode::rejected(&body.to_bytes())),
        Ok(Err(_)) | Err(_) => Ok(0),
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
