//! What the environment says of traces and exemplars holds; each in a process of its own, whose environment it is.

use std::env;
use std::process::Output;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::metrics::{Metric, Unit};
use ecolaura_monitoring::{Monitoring, Sampling, TraceContext};
use http::StatusCode;
use tracing::instrument::WithSubscriber as _;
use tracing::{info, info_span};

use support::collector::{Answer, Collector};
use support::eventually::eventually;
use support::exchange::{request, send};
use support::own_process;
use support::this_test;
use support::traced::{PARENT, UNSAMPLED, built, flushed, subscriber, with_header};

/// Says in a process of its own that it is one.
const WITHIN: &str = "TRACES_ENVIRONMENT_TEST";

/// Runs the test of this name once more with these variables; `Err` with what it was given, where it is running so.
fn again(test: &str, given: &str, variables: &[(&str, &str)]) -> Result<Output, String> {
    if let Ok(given) = env::var(WITHIN) {
        return Err(given);
    }
    let output = own_process::run(test)
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
        let test = &this_test!();
        let Err(filter) = again(test, filter, &[(FILTER, filter)]) else {
            continue;
        };
        let both = ["http_request_duration_seconds", "packing_seconds"];
        for parent in [PARENT, UNSAMPLED] {
            let expected: &[&str] = match (&*filter, parent) {
                ("ALWAYS_ON", _) | ("trace_based", PARENT) => &both,
                _ => &[],
            };
            let (_collector, traced) =
                built(|builder| builder.traces(|traces| traces.sampling(Sampling::none()))).await;
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
    if again(&this_test!(), "", &variables).is_ok() {
        return;
    }
    let collector = Collector::answering(vec![Answer::Never; 10]).await;
    let builder =
        Monitoring::builder("test").traces(|traces| traces.otlp_endpoint(collector.endpoint()));
    let monitoring = builder.build().expect("a monitoring");
    let app = Router::new().layer(monitoring.layer());
    send(app, request("GET /")).await;
    let begun = Instant::now();
    assert!(monitoring.flush(Duration::from_secs(60)).await.is_err());
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

// --- a healthy collector ------------------------------------------------------------------------------------------------------

/// What a service does beside a healthy collector, and what the environment says.
struct Load {
    what: &'static str,
    variables: &'static [(&'static str, &'static str)],
    requests: usize,
    /// Spans below that of each request, and the bytes of a text in each of them.
    spans: usize,
    text: usize,
    /// Spans that the collector may not have taken yet when the next request begins: fewer than there is room for.
    outstanding: usize,
}

/// Nothing is sent because its time has come: only what waits may wake the exporter.
const NO_DELAY: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "3600000");

const LOADS: &[Load] = &[
    Load {
        what: "spans of 24 kB",
        variables: &[NO_DELAY],
        requests: 1_000,
        spans: 1,
        text: 24_000,
        outstanding: 300,
    },
    Load {
        what: "a long queue",
        variables: &[NO_DELAY, ("OTEL_BSP_MAX_QUEUE_SIZE", "65536")],
        requests: 600,
        spans: 49,
        text: 300,
        outstanding: 20_000,
    },
    Load {
        what: "a queue that is shorter than a trace",
        variables: &[NO_DELAY, ("OTEL_BSP_MAX_QUEUE_SIZE", "16")],
        requests: 20,
        spans: 40,
        text: 10,
        outstanding: 1,
    },
    Load {
        what: "a batch that is longer than the queue",
        variables: &[NO_DELAY, ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "100000")],
        requests: 100,
        spans: 60,
        text: 10,
        outstanding: 1_300,
    },
    Load {
        what: "batches of one span",
        variables: &[NO_DELAY, ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")],
        requests: 20,
        spans: 9,
        text: 10,
        outstanding: 1,
    },
];

/// The service makes as many spans as the collector keeps up with.
#[tokio::test(flavor = "multi_thread")]
async fn beside_a_healthy_collector_no_span_is_lost() {
    for load in LOADS {
        let test = &this_test!();
        match again(test, load.what, load.variables) {
            Ok(_) => {}
            Err(what) if what == load.what => return loses_nothing(load).await,
            Err(_) => {}
        }
    }
}

async fn loses_nothing(load: &'static Load) {
    let (collector, monitoring) = built(|builder| {
        let sampling = Sampling::default().max_per_second(u32::MAX);
        builder.traces(|traces| traces.sampling(sampling))
    })
    .await;
    let (spans, text) = (load.spans, "x".repeat(load.text.min(4_000)));
    let is_long = load.text > text.len();
    let handler = async move || {
        for _ in 0..spans {
            let span = info_span!("work", a = text.as_str());
            if is_long {
                // No text is longer than 4,096 bytes.
                for key in 0..load.text / text.len() - 1 {
                    span.in_scope(|| info!(text = text.as_str(), key, "more"));
                }
            }
        }
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    let mut made = 0;
    for _ in 0..load.requests {
        send(app.clone(), request("GET /"))
            .with_subscriber(subscriber())
            .await;
        made += 1 + load.spans;
        eventually("the collector keeps up", async || {
            let outstanding = made - collector.number();
            match outstanding < load.outstanding.max(1 + load.spans) {
                true => Ok(()),
                false => Err(format!("{outstanding} spans have not arrived")),
            }
        })
        .await;
    }
    flushed(&monitoring).await;
    assert_eq!(collector.number(), made, "{}", load.what);
    let recorded = monitoring.recorded();
    let lost = recorded.value("monitoring_spans_dropped_total", &[]);
    assert_eq!(lost, Some(0.0), "{}", load.what);
}

/// What is sent at a time is bounded by number and by bytes, however many spans one trace has.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_bounded() {
    let variables = [("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "50"), NO_DELAY];
    if again(&this_test!(), "", &variables).is_ok() {
        return;
    }
    let (collector, monitoring) = built(|builder| builder).await;
    let handler = async |texts: axum::extract::Path<usize>| {
        let text = "x".repeat(4_000);
        for _ in 0..180 {
            let text = &text[..text.len() * *texts];
            let _span = info_span!(
                "work",
                a = text,
                b = text,
                c = text,
                d = text,
                e = text,
                f = text
            );
        }
    };
    let app = Router::new()
        .route("/{texts}", get(handler))
        .layer(monitoring.layer());
    for texts in [0, 1] {
        send(app.clone(), request(&format!("GET /{texts}")))
            .with_subscriber(subscriber())
            .await;
        flushed(&monitoring).await;
        let sizes = collector.sizes();
        let spans: Vec<usize> = sizes.iter().map(|(spans, _)| *spans).collect();
        assert!(spans.iter().all(|spans| *spans <= 50), "{spans:?}");
        let longest = sizes.iter().map(|(_, bytes)| *bytes).max();
        assert!(longest < Some((1 << 20) + 30_000), "{sizes:?}");
    }
    assert_eq!(collector.number(), 2 * 181);
}

/// A line of JSON for each span.
#[tokio::test]
async fn spans_on_the_console() {
    let variables = [("OTEL_TRACES_EXPORTER", "console")];
    let Ok(output) = again(&this_test!(), "", &variables) else {
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
