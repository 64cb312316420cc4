//! What the environment says of traces and exemplars holds; each in a process of its own, whose environment it is.
#![cfg(all(
    feature = "macros",
    feature = "server",
    feature = "testing",
    feature = "traces"
))]

mod support {
    #[allow(dead_code)]
    pub(crate) mod battery;
    #[allow(dead_code)]
    pub(crate) mod collector;
    #[allow(dead_code)]
    pub(crate) mod exchange;
    #[allow(dead_code)]
    pub(crate) mod traced;
}

use std::env;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::metrics::{Metric, Unit};
use ecolaura_monitoring::{Monitoring, Sampling, TraceContext};
use http::StatusCode;
use tracing::instrument::WithSubscriber as _;
use tracing::{info, info_span};

use crate::support::collector::{Answer, Collector};
use crate::support::exchange::{request, send};
use crate::support::traced::{PARENT, UNSAMPLED, built, flushed, subscriber, with_header};

/// Says in a process of its own that it is one.
const WITHIN: &str = "TRACES_ENVIRONMENT_TEST";

/// Runs the test of this name once more with these variables; `Err` with what it was given, where it is running so.
fn again(test: &str, given: &str, variables: &[(&str, &str)]) -> Result<Output, String> {
    if let Ok(given) = env::var(WITHIN) {
        return Err(given);
    }
    let output = Command::new(env::current_exe().expect("a test knows its own path"))
        .args(["--exact", test, "--nocapture"])
        .env(WITHIN, given)
        .envs(variables.iter().copied())
        .output()
        .expect("the test runs again");
    let told = String::from_utf8_lossy(&output.stdout);
    let is_good = output.status.success() && told.contains("1 passed");
    assert!(is_good, "{variables:?}: {output:?}");
    Ok(output)
}

// --- exemplars ----------------------------------------------------------------------------------------------------------------

/// The families that have an exemplar after a request with this header.
async fn with_exemplars(monitoring: &Monitoring, parent: &str) -> Vec<String> {
    const PACKING: Metric =
        Metric::histogram("packing_seconds", "Time to pack.").unit(Unit::Seconds);
    let packing = monitoring.metrics().histogram(PACKING).expect("a family");
    let handler = async move || packing.observe_with_exemplar(0.1, TraceContext::current());
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, with_header("GET /", "traceparent", parent)).await;
    let accept = b"application/openmetrics-text".as_slice();
    let text = String::from_utf8(monitoring.metrics().encode([accept]).body).expect("text");
    let lines = text.lines().filter(|line| line.contains("# {"));
    let mut names: Vec<String> = lines
        .filter_map(|line| line.split_once("_bucket").map(|(name, _)| name.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    flushed(monitoring).await;
    names
}

#[tokio::test]
async fn an_exemplar_filter() {
    const FILTER: &str = "OTEL_METRICS_EXEMPLAR_FILTER";
    for filter in ["trace_based", "ALWAYS_ON", "always_off"] {
        let test = "an_exemplar_filter";
        let Err(filter) = again(test, filter, &[(FILTER, filter)]) else {
            continue;
        };
        let both = ["http_request_duration_seconds", "packing_seconds"];
        for parent in [PARENT, UNSAMPLED] {
            let expected: &[&str] = match (&*filter, parent) {
                ("ALWAYS_ON", _) | ("trace_based", PARENT) => &both,
                _ => &[],
            };
            let (_collector, traced) = built(|builder| builder.sampling(Sampling::none())).await;
            let (_collector, without) = built(|builder| builder.without_traces()).await;
            for monitoring in [traced, without] {
                let found = with_exemplars(&monitoring, parent).await;
                assert_eq!(found, expected, "{filter} {parent}");
            }
        }
        return;
    }
}

// --- the exporter -------------------------------------------------------------------------------------------------------------

/// However long a flush may take.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_its_time() {
    let variables = [("OTEL_BSP_EXPORT_TIMEOUT", "300")];
    if again("a_batch_has_its_time", "", &variables).is_ok() {
        return;
    }
    let collector = Collector::answering(vec![Answer::Never; 10]).await;
    let builder = Monitoring::builder("test").collector(collector.endpoint());
    let monitoring = builder.build().expect("a monitoring");
    let app = Router::new().layer(monitoring.layer());
    send(app, request("GET /")).await;
    let begun = Instant::now();
    assert!(!monitoring.flush(Duration::from_secs(60)).await);
    let took = begun.elapsed();
    let limits = Duration::from_millis(250)..Duration::from_secs(20);
    assert!(limits.contains(&took), "{took:?}");
    let recorded = monitoring.recorded();
    let lost = recorded.value(
        "monitoring_spans_dropped_total",
        &[("reason", "export_failed")],
    );
    assert_eq!(lost, Some(1.0));
}

/// A line of JSON for each span.
#[tokio::test]
async fn spans_on_the_console() {
    let variables = [("OTEL_TRACES_EXPORTER", "console")];
    let Ok(output) = again("spans_on_the_console", "", &variables) else {
        let monitoring = Monitoring::builder("shop").without_listener();
        let monitoring = monitoring.init().expect("a monitoring");
        let handler = async || {
            let text = "a \"text\"\n\u{1b}[1m\\";
            info_span!("pack", text, heavy = true, weight = f64::NAN, parcels = 2)
                .in_scope(|| info!(password = "canary", "packed"));
            StatusCode::BAD_GATEWAY
        };
        let app = Router::new()
            .route("/boxes", get(handler))
            .layer(monitoring.layer());
        let sent = with_header("GET /boxes?canary", "traceparent", PARENT);
        send(app, sent).with_subscriber(subscriber()).await;
        flushed(&monitoring).await;
        let exported = monitoring
            .recorded()
            .value("monitoring_spans_exported_total", &[]);
        assert_eq!(exported, Some(2.0));
        return;
    };
    let told = String::from_utf8(output.stderr).expect("text");
    let lines = told.lines().filter(|line| line.starts_with('{'));
    let read = |line| serde_json::from_str(line).expect("JSON");
    let spans: Vec<serde_json::Value> = lines.map(read).collect();
    assert!(!told.contains("canary"), "{told}");
    let [pack, request] = &spans[..] else {
        panic!("{told}");
    };
    assert_eq!(request["service"], "shop");
    assert_eq!(
        (&request["span"], &request["kind"]),
        (&"GET /boxes".into(), &"server".into())
    );
    assert_eq!(request["trace_id"], PARENT[3..35]);
    assert_eq!(request["parent_span_id"], PARENT[36..52]);
    assert_eq!(request["error"], "");
    assert_eq!(request["attributes"]["http.response.status_code"], 502);
    assert!(
        request["duration_ms"]
            .as_f64()
            .is_some_and(|time| time > 0.0)
    );
    assert_eq!(pack["parent_span_id"], request["span_id"]);
    assert_eq!(pack.get("error"), None);
    let attributes = &pack["attributes"];
    assert_eq!(attributes["text"], "a \"text\"\n\u{1b}[1m\\");
    assert_eq!(
        (&attributes["heavy"], &attributes["parcels"]),
        (&true.into(), &2.into())
    );
    assert_eq!(attributes["weight"], "NaN");
    assert_eq!(pack["events"][0]["event"], "packed");
    assert_eq!(pack["events"][0]["attributes"]["password"], "[redacted]");
}
