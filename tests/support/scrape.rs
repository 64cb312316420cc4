//! Scrapes in process: what `/metrics` answers to some headers.

use std::io::Read as _;

use axum::body::{Body, Bytes};
use ecolaura_monitoring::Monitoring;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

pub const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0";
pub const PROTOBUF: &str =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

/// An answer, read to its end.
pub struct Scraped {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Scraped {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("plain text"))
    }

    /// The body, whether it was compressed by gzip or not.
    pub fn decoded(&self) -> Vec<u8> {
        if self.header("content-encoding") != "gzip" {
            return self.body.to_vec();
        }
        let mut bytes = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(&self.body[..]);
        decoder.read_to_end(&mut bytes).expect("gzip");
        bytes
    }

    pub fn gunzipped(&self) -> String {
        let mut text = String::new();
        let mut decoder = flate2::read::GzDecoder::new(&self.body[..]);
        decoder.read_to_string(&mut text).expect("gzip");
        text
    }
}

/// The head of an answer to `METHOD target`, its body unread.
pub async fn begin(
    monitoring: &Monitoring,
    line: &str,
    headers: &[(&str, &str)],
) -> Response<Body> {
    let (method, target) = line.split_once(' ').expect("a method and a target");
    let request = headers.iter().fold(
        Request::builder().method(method).uri(target),
        |request, (name, value)| request.header(*name, *value),
    );
    let request = request.body(Body::empty()).expect("a request");
    let routes: axum::Router = monitoring.routes();
    routes.oneshot(request).await.expect("an answer")
}

/// The answer to `METHOD target`.
pub async fn send(monitoring: &Monitoring, line: &str, headers: &[(&str, &str)]) -> Scraped {
    let answer = begin(monitoring, line, headers).await;
    let (head, body) = answer.into_parts();
    Scraped {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.collect().await.expect("a whole body").to_bytes(),
    }
}

/// The body of a scrape that accepts this.
pub async fn scrape(monitoring: &Monitoring, accept: &str) -> Bytes {
    send(monitoring, "GET /metrics", &[("accept", accept)])
        .await
        .body
}
