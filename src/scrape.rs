//! The `/metrics` handler.

use axum::extract::Request;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::catalog;
use crate::metrics::{Counter, Registry, Series, TEXT_CONTENT_TYPE, resolve};

/// Answers scrapes of a registry.
#[derive(Clone, Copy)]
pub(crate) struct Scrape {
    /// `None` when telemetry is disabled: the answer is empty.
    registry: Option<Registry>,
    scrapes: Option<&'static Series>,
}

impl Scrape {
    pub(crate) fn new(registry: Option<Registry>) -> Self {
        Self {
            registry,
            scrapes: registry.map(|registry| registry.own(catalog::SCRAPES)),
        }
    }

    pub(crate) async fn answer(self, request: Request) -> Response {
        let response = match *request.method() {
            Method::GET | Method::HEAD => self.metrics().await,
            _ => {
                let why = "ask for metrics with GET\n";
                (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")], why).into_response()
            }
        };
        if let Some(scrapes) = self.scrapes {
            resolve::<Counter>(scrapes, &[response.status().as_str()]).inc();
        }
        response
    }

    /// Renders on a thread for blocking work: neither probes nor, with `routes()`, the service's requests wait.
    async fn metrics(self) -> Response {
        let text = move || match self.registry {
            Some(registry) => registry.render(),
            None => "# nothing is recorded: OTEL_SDK_DISABLED is true\n".to_owned(),
        };
        let headers = [
            (CONTENT_TYPE, TEXT_CONTENT_TYPE),
            (CACHE_CONTROL, "no-store"),
        ];
        match tokio::task::spawn_blocking(text).await {
            Ok(text) => (headers, text).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
