//! A small HTTP client.

use axum::body::{Body, to_bytes};
use axum::http::{Request, header::CONTENT_TYPE};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

#[derive(Clone)]
pub struct Client {
    inner: legacy::Client<HttpConnector, Body>,
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    pub fn new() -> Self {
        Self {
            inner: legacy::Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// The status and the whole body of an answer, or why there is none.
    pub async fn send(&self, method: &str, url: &str, body: &str) -> Result<(u16, String), String> {
        self.send_with(method, url, &[], body).await
    }

    /// The same with these headers.
    pub async fn send_with(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<(u16, String), String> {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header(CONTENT_TYPE, "application/json");
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| {
                request.header(*name, *value)
            })
            .body(Body::from(body.to_owned()))
            .map_err(|error| format!("{url}: {error}"))?;
        let answer = self.inner.request(request).await;
        let answer = answer.map_err(|error| format!("{url}: {error}"))?;
        let status = answer.status().as_u16();
        let body = to_bytes(Body::new(answer.into_body()), usize::MAX).await;
        let body = body.map_err(|error| format!("{url}: {error}"))?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// The body of an answer with status 200.
    pub async fn get(&self, url: &str) -> Result<String, String> {
        match self.send("GET", url, "").await? {
            (200, body) => Ok(body),
            (status, body) => Err(format!("{url}: {status}: {body}")),
        }
    }
}
