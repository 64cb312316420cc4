//! One request to the collector.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

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
use crate::otlp::encode::{self, Accepted};
#[cfg(feature = "grpc")]
use crate::otlp::grpc;
use crate::otlp::retry_after;
use crate::otlp::settings::{Protocol, Settings};
#[cfg(feature = "tls")]
use crate::otlp::tls;
use crate::trace::BATCHES_AHEAD;

/// Bytes of an answer that are read: a collector's is a few dozen.
pub(super) const LONGEST_ANSWER: usize = 64 * 1024;

/// How long the rest of an answer may take.
const ANSWER: Duration = Duration::from_secs(1);

/// How long the collector can have us wait, at least and at most.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;

pub(super) struct Client {
    http: hyper_util::client::legacy::Client<Connector, Full<Bytes>>,
    settings: Settings,
    /// Until when the collector asked us to send nothing.
    throttled: Mutex<Option<Instant>>,
}

/// Why spans were not taken.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) why: String,
    /// Nobody is there.
    pub(super) is_unreachable: bool,
    /// Whether it may be better later.
    pub(super) is_passing: bool,
    /// How long the collector asks to wait before anything is sent again.
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
        builder.pool_max_idle_per_host(BATCHES_AHEAD);
        #[cfg(feature = "grpc")]
        builder.http2_only(settings.protocol == Protocol::Grpc);
        let http = builder.build(connector);
        Ok(Self {
            http,
            settings,
            throttled: Mutex::new(None),
        })
    }

    /// The collector's address as it may be shown: a query can hold a key. A user name in it is refused at start.
    pub(super) fn address(&self) -> String {
        let endpoint = &self.settings.endpoint;
        let scheme = endpoint.scheme_str().unwrap_or("http");
        let authority = endpoint.authority().map_or("", |host| host.as_str());
        format!("{scheme}://{authority}{}", endpoint.path())
    }

    /// Until when nothing may be sent, if the collector asked for that and it is not over.
    pub(super) fn throttled(&self) -> Option<Instant> {
        let until = *self
            .throttled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| *until > Instant::now())
    }

    /// Sends nothing for so long, and a little more, so that services that were asked at the same time do not come back at the same time.
    fn throttle(&self, wait: Duration) {
        let wait = wait.clamp(SHORTEST_WAIT, LONGEST_WAIT);
        let until = Instant::now() + wait.mul_f64(1.0 + 0.2 * fastrand::f64());
        let mut throttled = self
            .throttled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *throttled = Some(throttled.map_or(until, |before| before.max(until)));
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

    /// Sends a request; gives back what of it the collector did not take.
    pub(super) async fn send(&self, body: Bytes) -> Result<Accepted, Failure> {
        let sent = self.http.request(self.request(body)).await;
        let answer = sent.map_err(|error| Failure {
            is_unreachable: error.is_connect(),
            ..Failure::passing(root(&error))
        })?;
        let read = match self.settings.protocol {
            Protocol::HttpProtobuf => read(answer).await,
            #[cfg(feature = "grpc")]
            Protocol::Grpc => grpc::read(answer).await,
        };
        if let Some(wait) = read.as_ref().err().and_then(|failure| failure.wait) {
            self.throttle(wait);
        }
        read
    }

    fn request(&self, body: Bytes) -> Request<Full<Bytes>> {
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
        request
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

async fn read(answer: Response<Incoming>) -> Result<Accepted, Failure> {
    let (head, body) = answer.into_parts();
    if !head.status.is_success() {
        return Err(refused(&head));
    }
    // Whatever else it says, or does not say, it has taken them.
    let body = Limited::new(body, LONGEST_ANSWER).collect();
    match tokio::time::timeout(ANSWER, body).await {
        Ok(Ok(body)) => Ok(encode::accepted(&body.to_bytes())),
        Ok(Err(_)) | Err(_) => Ok(Accepted::default()),
    }
}

/// A request that HTTP itself refuses.
pub(super) fn refused(head: &Parts) -> Failure {
    let wait = head.headers.get(RETRY_AFTER);
    let wait = wait.and_then(|value| retry_after::read(value.to_str().ok()?, SystemTime::now()));
    let is_passing = is_passing(head.status);
    Failure {
        is_passing,
        // Others may say it too, such as a redirection: then it is no lack of room.
        wait: wait.filter(|_| is_passing),
        ..Failure::passing(format!("it answered {}", head.status))
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
