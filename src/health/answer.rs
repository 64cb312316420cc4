//! The answers to probes.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::health::check::Report;
use crate::health::{Checks, Health};

impl Health {
    /// `/health/live`
    pub(crate) async fn answer_live(self) -> Response {
        let reports = reports(&self.0.live).await;
        answer(all_pass(&reports), None, &reports)
    }

    /// `/health/startup`
    pub(crate) async fn answer_startup(self) -> Response {
        let reports = reports(&self.0.startup).await;
        answer(self.has_started(&reports), None, &reports)
    }

    /// `/health/ready`
    pub(crate) async fn answer_ready(self) -> Response {
        let startup = reports(&self.0.startup).await;
        let reports = reports(&self.0.ready).await;
        let why = if self.is_draining() {
            Some("draining")
        } else if !self.has_started(&startup) {
            Some("starting")
        } else {
            None
        };
        answer(why.is_none() && all_pass(&reports), why, &reports)
    }

    /// Whether the checks of start-up pass or have passed before.
    fn has_started(&self, reports: &[(&'static str, Report)]) -> bool {
        if all_pass(reports) {
            self.0.started.store(true, Ordering::Release);
        }
        self.0.started.load(Ordering::Acquire)
    }
}

fn all_pass(reports: &[(&'static str, Report)]) -> bool {
    reports.iter().all(|(_, report)| report.result.is_ok())
}

/// Runs all checks at once.
async fn reports(checks: &Checks) -> Vec<(&'static str, Report)> {
    let running: Vec<_> = checks
        .all()
        .into_iter()
        .map(|check| {
            (
                check.name(),
                tokio::spawn(async move { check.report().await }),
            )
        })
        .collect();
    let mut reports = Vec::with_capacity(running.len());
    for (name, report) in running {
        reports.push((name, report.await.unwrap_or_else(|_| Report::panicked())));
    }
    reports
}

fn answer(pass: bool, why: Option<&str>, reports: &[(&'static str, Report)]) -> Response {
    let checks: Map<String, Value> = reports
        .iter()
        .map(|(name, report)| ((*name).to_owned(), check(report)))
        .collect();
    let mut body = json!({ "status": if pass { "pass" } else { "fail" }, "checks": checks });
    if let Some(why) = why {
        body["reason"] = why.into();
    }
    let status = match pass {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, format!("{body}\n")).into_response()
}

fn check(report: &Report) -> Value {
    let milliseconds = report.time.as_secs_f64() * 1000.0;
    let milliseconds = (milliseconds * 1000.0).round() / 1000.0;
    match report.result {
        Ok(()) => json!({ "status": "pass", "duration_ms": milliseconds }),
        Err(why) => {
            json!({ "status": "fail", "reason": why.as_str(), "duration_ms": milliseconds })
        }
    }
}
