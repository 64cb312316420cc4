//! What real Prometheus servers, an old one and a new one, make of each format: values, quantiles, exemplars and hostile labels.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use ecolaura_monitoring::metrics::{Counter, DynamicFamily, Metric, Unit};
use ecolaura_monitoring::{Monitoring, monitor};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use support::eventually::eventually;
use support::prometheus::{Format, Prometheus, Server};

const SERVERS: [(&str, Server); 5] = [
    ("old, OpenMetrics", Server::PACKAGED),
    (
        "old, protobuf",
        Server::PACKAGED.asking_for(Format::Protobuf),
    ),
    ("new, text", Server::THREE.asking_for(Format::Text)),
    ("new, OpenMetrics", Server::THREE),
    ("new, protobuf", Server::THREE.asking_for(Format::Protobuf)),
];

const PARCELS: Metric =
    Metric::counter("parcels_total", "Parcels, by a hostile label.").labels(&["to"]);
const PACKING: Metric = Metric::histogram("packing_seconds", "Time to pack.").unit(Unit::Seconds);

const CRATED: Metric = Metric::counter("crates_total", "Many.").labels(&["to", "by"]);

/// Series of the family above.
const CRATES: u64 = 3_000;

/// Requests that belong to a trace; each its own.
const TRACED: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn every_server_reads_every_format() {
    let start = SystemTime::now();
    let monitoring = Monitoring::builder("e2e")
        .listen(([127, 0, 0, 1], 0))
        .metrics(|metrics| metrics.max_series(CRATES as usize))
        .build();
    let monitoring = monitoring.expect("the environment is empty");
    record_many_crates(&monitoring);
    let hostile = hostile_labels(&monitoring);
    let seconds = observe_seconds(&monitoring);
    let traces = send_requests(&monitoring).await;

    let target = monitoring.listen_addr().expect("it listens");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e_exposition");
    let _ = fs::remove_dir_all(&folder);
    let mut servers = Vec::new();
    for (name, server) in SERVERS {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).expect("a folder of the server's own");
        let prometheus = Prometheus::start(server, &folder, "e2e", target, json!([])).await;
        servers.push((name, prometheus));
    }
    for (name, prometheus) in &servers {
        let is_old = name.starts_with("old");
        let is_native = name.ends_with("protobuf");
        scraped_without_error(name, prometheus).await;
        counts_are(name, prometheus, is_old && is_native).await;
        labels_survive(name, prometheus, &hostile).await;
        large_family_is_complete(name, prometheus).await;
        if !(is_old && is_native) {
            classic_quantiles(name, prometheus, &seconds).await;
        }
        if is_native {
            native_quantiles(name, prometheus, &seconds).await;
        }
        if !name.ends_with("text") {
            exemplars(name, prometheus, start, &traces, is_old && is_native).await;
        }
    }
}

// --- what is recorded ----------------------------------------------------------------------------------------------------------

/// Label values that a writer or a parser could trip over.
fn hostile_labels(monitoring: &Monitoring) -> BTreeSet<String> {
    let parcels: DynamicFamily<Counter, 1> =
        monitoring.metrics().dynamic(PARCELS).expect("a family");
    let long = "long ".repeat(2048);
    let values = [
        "a\nb",
        "say \"hi\"",
        "back\\slash",
        "\\n",
        "Grüße 🦀",
        "",
        "}, x=\"y\"",
        "# EOF",
        &long,
    ];
    for value in values {
        parcels.get([value]).add(7);
    }
    values.map(str::to_owned).into()
}

/// A family of 3 MB in each format.
fn record_many_crates(monitoring: &Monitoring) {
    let crates: DynamicFamily<Counter, 2> = monitoring.metrics().dynamic(CRATED).expect("a family");
    let far = "far ".repeat(250);
    for number in 0..CRATES {
        crates.get([&format!("{far}{number}"), "bike"]).add(number);
    }
}

/// Observes times of all sizes and returns them, in order.
fn observe_seconds(monitoring: &Monitoring) -> Vec<f64> {
    let packing = monitoring
        .metrics()
        .histogram(PACKING)
        .expect("a histogram");
    let mut random = fastrand::Rng::with_seed(7);
    let mut seconds: Vec<f64> = (0..20_000)
        .map(|_| 0.002 * 2f64.powf(random.f64() * 11.0))
        .collect();
    seconds.iter().for_each(|time| packing.observe(*time));
    seconds.sort_by(f64::total_cmp);
    seconds
}

#[monitor("/boxes/{id}")]
async fn boxes() -> &'static str {
    "four"
}

/// Sends requests with and without a trace, and returns the ids of the traces that are recorded.
async fn send_requests(monitoring: &Monitoring) -> BTreeSet<String> {
    let mut traces = BTreeSet::new();
    for number in 0..2 * TRACED {
        let routes = Router::new().route(&format!("/boxes/{number}"), get(boxes));
        let app = routes.layer(monitoring.layer());
        let (id, sampled) = (format!("{number:032x}").replacen('0', "a", 1), number % 2);
        let traceparent = format!("00-{id}-00f067aa0ba902b7-0{sampled}");
        let request = Request::get(format!("/boxes/{number}")).header("traceparent", traceparent);
        let request = request.body(Body::empty()).expect("a request");
        let answer = app.oneshot(request).await.expect("an answer");
        answer.into_body().collect().await.expect("a body");
        if sampled == 1 {
            traces.insert(id);
        }
    }
    traces
}

// --- what Prometheus has -------------------------------------------------------------------------------------------------------

async fn scraped_without_error(name: &str, prometheus: &Prometheus) {
    eventually(&format!("{name}: up"), async || {
        let target = prometheus.target().await?;
        match (target.health.as_str(), target.last_error.as_str()) {
            ("up", "") => Ok(()),
            _ => Err(format!("{target:?}")),
        }
    })
    .await;
}

/// Waits until an expression has this value.
async fn value_is(name: &str, prometheus: &Prometheus, expression: &str, expected: f64) {
    eventually(&format!("{name}: {expression} = {expected}"), async || {
        let found = prometheus.value(expression).await?;
        match found == expected {
            true => Ok(()),
            false => Err(found.to_string()),
        }
    })
    .await;
}

async fn counts_are(name: &str, prometheus: &Prometheus, is_only_native: bool) {
    let requests = 2.0 * TRACED as f64;
    value_is(name, prometheus, "sum(http_requests_total)", requests).await;
    value_is(name, prometheus, "sum(request_count_total)", requests).await;
    value_is(name, prometheus, "sum(target_info)", 1.0).await;
    if is_only_native {
        let native = "sum(histogram_count(http_request_duration_seconds))";
        value_is(name, prometheus, native, requests).await;
    } else {
        value_is(
            name,
            prometheus,
            "sum(http_request_duration_seconds_count)",
            requests,
        )
        .await;
        let infinite = "sum(http_request_duration_seconds_bucket{le=\"+Inf\"})";
        value_is(name, prometheus, infinite, requests).await;
    }
}

async fn labels_survive(name: &str, prometheus: &Prometheus, expected: &BTreeSet<String>) {
    let series = prometheus.query("parcels_total").await.expect("a vector");
    let found: BTreeSet<String> = series
        .iter()
        .map(|series| series.label("to").to_owned())
        .collect();
    assert_eq!(&found, expected, "{name}");
    assert!(series.iter().all(|series| series.value == 7.0));
}

async fn large_family_is_complete(name: &str, prometheus: &Prometheus) {
    value_is(name, prometheus, "count(crates_total)", CRATES as f64).await;
    let sum = CRATES * (CRATES - 1) / 2;
    value_is(name, prometheus, "sum(crates_total)", sum as f64).await;
}

/// The value below which this share of the times lies.
fn exact(seconds: &[f64], quantile: f64) -> f64 {
    seconds[(quantile * seconds.len() as f64) as usize]
}

const QUANTILES: [f64; 4] = [0.1, 0.5, 0.9, 0.99];

/// A classic quantile lies in the bucket that the exact one lies in.
async fn classic_quantiles(name: &str, prometheus: &Prometheus, seconds: &[f64]) {
    let bounds = [&[0.0], PACKING.upper_bounds()].concat();
    for quantile in QUANTILES {
        let expression = format!("histogram_quantile({quantile}, packing_seconds_bucket)");
        let found = prometheus.value(&expression).await.expect("a number");
        let exact = exact(seconds, quantile);
        let upper = bounds
            .iter()
            .position(|bound| exact <= *bound)
            .expect("a bucket");
        let bucket = bounds[upper - 1]..=bounds[upper];
        assert!(
            bucket.contains(&found),
            "{name}: {quantile}: {found}, exactly {exact}"
        );
    }
}

/// A native quantile is as near as its schema promises: eight buckets for each doubling.
async fn native_quantiles(name: &str, prometheus: &Prometheus, seconds: &[f64]) {
    for quantile in QUANTILES {
        let expression = format!("histogram_quantile({quantile}, packing_seconds)");
        let found = prometheus.value(&expression).await.expect("a number");
        let exact = exact(seconds, quantile);
        let error = (found / exact).max(exact / found);
        assert!(
            error < 2f64.powf(1.0 / 8.0),
            "{name}: {quantile}: {found}, exactly {exact}"
        );
    }
    let sum = prometheus
        .value("histogram_sum(packing_seconds)")
        .await
        .expect("a number");
    let exact: f64 = seconds.iter().sum();
    assert!(
        (sum / exact - 1.0).abs() < 1e-9,
        "{name}: {sum}, exactly {exact}"
    );
}

/// The recorded traces are found, and no other. An old server that keeps only native histograms has one for each series.
async fn exemplars(
    name: &str,
    prometheus: &Prometheus,
    start: SystemTime,
    traces: &BTreeSet<String>,
    is_only_native: bool,
) {
    let histogram = match is_only_native {
        true => "http_request_duration_seconds",
        false => "http_request_duration_seconds_bucket",
    };
    for expression in ["http_requests_total", histogram, "request_count_total"] {
        eventually(&format!("{name}: exemplars of {expression}"), async || {
            let end = SystemTime::now() + Duration::from_secs(60);
            let found = prometheus.query_exemplars(expression, start, end).await?;
            let ids = found
                .iter()
                .map(|exemplar| exemplar.labels.get("trace_id").cloned());
            let ids: BTreeSet<String> = ids.map(Option::unwrap_or_default).collect();
            let all = expression != "request_count_total"; // all requests are in one series
            match ids.is_subset(traces) && !ids.is_empty() && (!all || ids == *traces) {
                true => Ok(()),
                false => Err(format!("{found:?}")),
            }
        })
        .await;
    }
}
