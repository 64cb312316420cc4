//! Somebody who visits the shop and keeps count.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shop_process::Shop;

/// A request that is to be sent.
pub struct Visit {
    pub method: &'static str,
    pub path: String,
    pub body: String,
    pub endpoint: String,
    /// Whether a handler is called for it, which is where `#[monitor]` stands.
    pub handled: bool,
}

pub fn get(path: &str) -> Visit {
    Visit {
        method: "GET",
        path: path.to_owned(),
        body: String::new(),
        endpoint: template(path),
        handled: true,
    }
}

pub fn post(path: &str, body: Value) -> Visit {
    Visit {
        method: "POST",
        body: body.to_string(),
        ..get(path)
    }
}

impl Visit {
    /// Answered before a handler is called.
    pub fn rejected(self) -> Self {
        Self {
            handled: false,
            ..self
        }
    }

    /// For a path that no route has.
    pub fn unmatched(self) -> Self {
        Self {
            endpoint: "unmatched".to_owned(),
            ..self.rejected()
        }
    }
}

/// The route of a path: what stands after `/api/v1/<group>/` is an id.
fn template(path: &str) -> String {
    let mut segments: Vec<&str> = path.split('/').collect();
    if let Some(id) = segments.get_mut(4) {
        *id = "{id}";
    }
    segments.join("/")
}

/// Sends requests, checks the answers, and remembers what is to be counted for them.
pub struct Visitor {
    pub shop: Shop,
    requests: BTreeMap<String, u64>,
    calls: BTreeMap<String, u64>,
}

impl Visitor {
    pub fn of(shop: Shop) -> Self {
        Self {
            shop,
            requests: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }

    pub async fn send(&mut self, visit: Visit) -> (u16, Value) {
        let Visit { method, path, .. } = &visit;
        let (status, answer) = self.shop.send(method, path, &visit.body).await;
        let outcome = match status {
            500.. => "server_error",
            400.. => "client_error",
            _ => "success",
        };
        let labels = format!(r#"method="{method}",endpoint="{}""#, visit.endpoint);
        let request = format!(r#"{labels},status_code="{status}",outcome="{outcome}""#);
        *self.requests.entry(request).or_default() += 1;
        if visit.handled {
            self.called(method, &visit.endpoint, status);
        }
        (status, answer)
    }

    /// Expects exactly this answer.
    pub async fn answers(&mut self, visit: Visit, status: u16, answer: Value) {
        let path = visit.path.clone();
        assert_eq!(self.send(visit).await, (status, answer), "{path}");
    }

    /// Expects a problem that says `why`.
    pub async fn refuses(&mut self, visit: Visit, status: u16, why: &str) {
        let path = visit.path.clone();
        let (got, problem) = self.send(visit).await;
        assert_eq!(got, status, "{path}: {problem}");
        assert_eq!(problem["status"], status, "{path}");
        assert!(problem["title"].is_string(), "{path}: {problem}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(why), "{path}: {detail}");
    }

    /// A function with `#[monitor]` has been called.
    pub fn called(&mut self, method: &str, endpoint: &str, status: u16) {
        let labels = format!(r#"method="{method}",endpoint="{endpoint}",http_status="{status}""#);
        *self.calls.entry(labels).or_default() += 1;
    }

    /// The lines of `http_requests_total` that the layer should have by now, sorted.
    pub fn requests(&self) -> Vec<String> {
        lines("http_requests_total", &self.requests)
    }

    /// The lines of `request_count_total` that `#[monitor]` should have by now, sorted.
    pub fn calls(&self) -> Vec<String> {
        lines("request_count_total", &self.calls)
    }
}

fn lines(name: &str, counts: &BTreeMap<String, u64>) -> Vec<String> {
    let line = |(labels, count): (&String, &u64)| format!("{name}{{{labels}}} {count}");
    let mut lines: Vec<_> = counts.iter().map(line).collect();
    lines.sort_unstable();
    lines
}
