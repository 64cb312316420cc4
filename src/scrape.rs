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
            Method::GET | Method::HEAD => (
                [
                    (CONTENT_TYPE, TEXT_CONTENT_TYPE),
                    (CACHE_CONTROL, "no-store"),
                ],
                self.text(),
            )
                .into_response(),
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

    fn text(self) -> String {
        self.registry.map(Registry::render).unwrap_or_default()
    }
}
