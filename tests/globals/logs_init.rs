//! `init` has everything logged: alone in its file, since it installs what the process has one of.

use std::fmt;
use support::alone;
use support::lines;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use ecolaura_monitoring::{LogFormat, Monitoring, TraceContext, monitor};
use http::Request;
use serde_json::{Map, Value};
use support::lines::{Lines, labels};
use tower::ServiceExt as _;
use tracing::info;

/// Logs while it is written.
struct Chatty;

impl fmt::Debug for Chatty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!(inner = 1, "from inside");
        f.write_str("chatty")
    }
}

#[monitor("/orders")]
async fn order() -> &'static str {
    info!("ordered");
    // It is for lines alone: nobody is to take it along.
    assert!(TraceContext::current().is_none());
    "ordered"
}

/// The line with this message, once it is written.
fn line(lines: &Lines, monitoring: &Monitoring, message: &str) -> Map<String, Value> {
    let all = lines::written(lines, monitoring);
    let found = all.iter().find(|line| line["message"] == message);
    found
        .unwrap_or_else(|| panic!("{message} is not in {all:?}"))
        .clone()
}

#[test]
fn init_installs_what_logs() {
    if !alone!() {
        return;
    }
    let lines = Lines::default();
    let monitoring = Monitoring::builder("test")
        .listen(([127, 0, 0, 1], 0))
        .without_traces()
        .logs(|logs| logs.writer(lines.clone()))
        .logs(|logs| logs.format(LogFormat::Ecs))
        .init()
        .unwrap();
    let metrics = format!(
        "monitoring test: http://{}/metrics and /health/live, /health/ready, /health/startup",
        monitoring.listen_addr().unwrap()
    );
    line(&lines, &monitoring, &metrics);

    info!(value = ?Chatty, "outside");
    assert_eq!(
        labels(&line(&lines, &monitoring, "from inside"))["inner"],
        "1"
    );
    let outside = labels(&line(&lines, &monitoring, "outside"));
    assert_eq!(
        (outside["value"].as_str(), outside.len()),
        (Some("chatty"), 1)
    );

    // What uses the crate `log`.
    tracing_log::log::warn!(target: "old::crate", "from long ago");
    tracing_log::log::debug!("not wanted");
    let old = line(&lines, &monitoring, "from long ago");
    assert_eq!(old["log.logger"], "old::crate");
    assert_eq!(old["log.level"], "warn");
    assert_eq!(old["log.origin.file.name"], "tests/globals/logs_init.rs");
    assert!(!old.contains_key("labels"));

    // Each level of one place is wanted or not by itself.
    for level in [
        tracing_log::log::Level::Debug,
        tracing_log::log::Level::Error,
    ] {
        tracing_log::log::log!(target: "old::crate", level, "of this place");
    }
    assert_eq!(
        line(&lines, &monitoring, "of this place")["log.level"],
        "error"
    );

    // A request has a trace id also where nobody makes spans, and its lines have it.
    let app = Router::new()
        .route("/orders", get(order))
        .layer(monitoring.layer());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let request = Request::get("/orders").body(Body::empty()).unwrap();
        let answer = app.oneshot(request).await.unwrap();
        axum::body::to_bytes(answer.into_body(), 100).await.unwrap()
    });
    let [inside, access] =
        ["ordered", "GET /orders 200"].map(|message| line(&lines, &monitoring, message));
    assert_eq!(inside["trace.id"].as_str().unwrap().len(), 32);
    assert_eq!(inside["trace.id"], access["trace.id"]);

    let thread = std::thread::Builder::new().name("packing".into());
    let packing = thread
        .spawn(|| panic!("no tape: {}", "token=hunter2"))
        .unwrap();
    assert!(packing.join().is_err());
    let all = lines::written(&lines, &monitoring);
    let panicked = all
        .iter()
        .find(|line| line.get("log.logger") == Some(&"panic".into()));
    let panicked = panicked.expect("its record; tests/panic_hook.rs says more of it");
    assert_eq!(panicked["error.message"], "no tape: token=[redacted]");

    // What is logged last is written before the last value is gone.
    info!("the last words");
    drop(monitoring);
    let all = lines.all();
    assert!(all.last().unwrap().contains("the last words"), "{all:?}");
}
