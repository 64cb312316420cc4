//! The `/metrics` handler: what a scraper asks for, answered piece by piece.
//!
//! An answer is rendered on a thread for blocking work, so that neither probes nor, with `routes()`, the service's requests wait
//! for it. What is ready waits for the scraper in pieces of some ten kilobytes, and not beyond the scrape's time.

mod body;
pub(crate) mod compression;
mod places;
mod query;
mod render;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName,
    RETRY_AFTER, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::catalog;
use crate::metrics::{Counter, Exposition, FamilyCore, Registry, Rendering, resolve};
use crate::scrape::body::Pieces;
use crate::scrape::compression::Compression;
use crate::scrape::places::Places;
use crate::scrape::query::Query;
use crate::scrape::render::Order;

/// How long an answer may take when the scraper does not say.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Seconds that a scraper may say.
const LONGEST: f64 = 120.0;

/// Where Prometheus says how long it waits.
const SCRAPE_TIMEOUT: HeaderName = HeaderName::from_static("x-prometheus-scrape-timeout-seconds");

/// Answers scrapes of a registry.
#[derive(Clone)]
pub(crate) struct Scrape {
    /// `None` when telemetry is disabled: the answer is empty.
    registry: Option<Registry>,
    scrapes: Option<&'static FamilyCore>,
    cut_off: Option<Counter>,
    places: Arc<Places>,
}

impl Scrape {
    pub(crate) fn new(registry: Option<Registry>) -> Self {
        Self {
            registry,
            scrapes: registry.map(|registry| registry.own(catalog::SCRAPES)),
            cut_off: registry
                .map(|registry| resolve::<Counter>(registry.own(catalog::SCRAPES_CUT_OFF), &[])),
            places: Places::new(),
        }
    }

    pub(crate) async fn answer(self, request: Request) -> Response {
        let scrapes = self.scrapes;
        let (request, _body) = request.into_parts();
        let response = self.respond(&request).await;
        if let Some(scrapes) = scrapes {
            resolve::<Counter>(scrapes, &[response.status().as_str()]).inc();
        }
        response
    }

    async fn respond(self, request: &Parts) -> Response {
        if !matches!(request.method, Method::GET | Method::HEAD) {
            let why = "ask for metrics with GET\n";
            return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")], why).into_response();
        }
        let query = match Query::read(request.uri.query().unwrap_or_default()) {
            Ok(query) => query,
            Err(why) => return (StatusCode::BAD_REQUEST, why).into_response(),
        };
        let Some(registry) = self.registry else {
            let nothing = "# nothing is recorded: OTEL_SDK_DISABLED is true\n";
            let content_type = Exposition::default().content_type();
            return ([(CONTENT_TYPE, content_type)], nothing).into_response();
        };
        let (begun, limit) = (Instant::now(), timeout(&request.headers));
        let Some(place) = self.places.take(limit).await else {
            let why = "too many scrapes at a time, try again in a second\n";
            return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], why).into_response();
        };
        let limit = limit.saturating_sub(begun.elapsed());
        let headers = &request.headers;
        let exposition = Exposition::negotiate(lines(headers, ACCEPT));
        let compression = Compression::choose(lines(headers, ACCEPT_ENCODING));
        let usual = registry.rendering();
        let rendering = Rendering {
            exposition,
            names: query.names,
            native: query.native.unwrap_or(usual.native),
            ..usual
        };
        let order = Order {
            rendering,
            compression,
            timeout: limit,
            // Of what HEAD asks for only the head is taken.
            cut_off: self.cut_off.filter(|_| request.method == Method::GET),
        };
        let pieces = render::start(registry, order, place);
        match tokio::time::timeout(limit, Pieces::first_of(pieces)).await {
            Ok(Some(body)) => answer(body, exposition, compression),
            Ok(None) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Err(_) => {
                let why = "no thread was free to render the scrape in its time\n";
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], why).into_response()
            }
        }
    }
}

fn answer(body: Pieces, exposition: Exposition, compression: Compression) -> Response {
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, exposition.content_type()),
        (CACHE_CONTROL, "no-store"),
        (VARY, "Accept, Accept-Encoding"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(name) = compression.content_encoding() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

fn lines(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    headers.get_all(name).into_iter().map(HeaderValue::as_bytes)
}

/// How long the scraper waits.
fn timeout(headers: &HeaderMap) -> Duration {
    let given = headers.get(SCRAPE_TIMEOUT);
    let seconds = given.and_then(|value| value.to_str().ok()?.parse::<f64>().ok());
    match seconds {
        // A little less, so that the answer is there before the scraper gives up.
        Some(seconds) if seconds > 0.0 => Duration::from_secs_f64(0.9 * seconds.min(LONGEST)),
        _ => TIMEOUT,
    }
}

#[cfg(test)]
mod tests;
