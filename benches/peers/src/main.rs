//! What a measured request costs with other crates, in the bench that the library measures itself with:
//! `cargo run --release --manifest-path benches/peers/Cargo.toml`. Each contender is set up as its own README says.

mod by_hand;
mod function;
#[path = "../../support/mod.rs"]
mod support;
mod traces;

use std::sync::LazyLock;

use axum_otel_metrics::HttpMetricsLayerBuilder;
use axum_prometheus::{PrometheusMetricLayer, metrics_exporter_prometheus::PrometheusHandle};
use ecolaura_monitoring::Monitoring;
use opentelemetry_instrumentation_tower::http::server::{Layer as TowerLayer, LayerBuilder};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus_axum_middleware::PrometheusAxumLayer;
use tokio::runtime::Runtime;

use support::app::{self, Client, REQUESTS, served};
use support::floor::{Carry, Nothing, Timer};
use support::{Contender, Measured, Plan, measure, table};

static MONITORING: LazyLock<Monitoring> = LazyLock::new(|| {
    Monitoring::builder("peers")
        .without_listener()
        .without_traces()
        .without_logs() // nobody else writes a line for each request
        .init()
        .expect("the only one of the process")
});

/// It tidies its histograms up in a task.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("threads"));

static AXUM_PROMETHEUS: LazyLock<(PrometheusMetricLayer<'static>, PrometheusHandle)> =
    LazyLock::new(|| {
        let _inside = RUNTIME.enter();
        PrometheusMetricLayer::pair()
    });

fn main() {
    set_opentelemetry_up();
    requests();
    function::functions();
    traces::traces();
}

/// Without a reader the SDK records nothing.
fn set_opentelemetry_up() {
    let exporter = opentelemetry_prometheus::exporter()
        .with_registry(prometheus::Registry::new())
        .build()
        .expect("an empty registry");
    let provider = SdkMeterProvider::builder().with_reader(exporter).build();
    opentelemetry::global::set_meter_provider(provider);
}

fn otel_metrics() -> axum_otel_metrics::HttpMetricsLayer {
    let exporter = opentelemetry_prometheus_032::exporter()
        .with_registry(prometheus::Registry::new())
        .build()
        .expect("an empty registry");
    let provider = opentelemetry_sdk_032::metrics::SdkMeterProvider::builder()
        .with_reader(exporter)
        .build();
    HttpMetricsLayerBuilder::new()
        .with_provider(provider)
        .build()
}

fn tower(tracing: bool) -> TowerLayer {
    LayerBuilder::builder()
        .with_tracing(tracing)
        .build()
        .expect("the default choices")
}

static OTEL_METRICS: LazyLock<axum_otel_metrics::HttpMetricsLayer> = LazyLock::new(otel_metrics);
static TOWER: LazyLock<TowerLayer> = LazyLock::new(|| tower(false));

fn requests() {
    let contenders = [
        Contender::new("bare", || Client::of(served(app::plain()))),
        Contender::new("pass-through, Router::layer", || {
            Client::of(served(app::plain().layer(Carry::<Nothing>::layer())))
        }),
        Contender::new("floor, Router::layer", || {
            Client::of(served(app::plain().layer(Carry::<Timer>::layer())))
        }),
        Contender::new("ours, Router::layer", || {
            Client::of(served(app::plain().layer(MONITORING.layer())))
        }),
        Contender::new("ours, around, #[monitor]", || {
            Client::of(MONITORING.around(served(app::monitored())))
        }),
        Contender::new("by hand on prometheus 0.14: count, latency", || {
            Client::of(served(app::plain().layer(by_hand::ByHand)))
        }),
        Contender::new("prometheus-axum-middleware 0.4", || {
            Client::of(served(app::plain().layer(PrometheusAxumLayer::new())))
        }),
        Contender::new("axum-otel-metrics 0.14", || {
            Client::of(served(app::plain().layer(OTEL_METRICS.clone())))
        }),
        Contender::new("axum-prometheus 0.10", || {
            Client::of(served(app::plain().layer(AXUM_PROMETHEUS.0.clone())))
        }),
        Contender::new("opentelemetry-instrumentation-tower 0.19", || {
            Client::of(served(app::plain().layer(TOWER.clone())))
        }),
    ];
    let measured = measure(&Plan::new(16, REQUESTS), &contenders);
    let (bare, floor, ours) = (&measured[0], &measured[2], &measured[3]);
    let rows: Vec<table::Row> = measured
        .iter()
        .skip(1)
        .map(|m| row(m, bare, floor, ours))
        .collect();
    let headings = [
        "request, 32 routes",
        "ns over bare",
        "2 threads / 1",
        "/ floor",
        "/ ours",
        "allocations over bare",
    ];
    table::print("A request with other crates", &headings, &rows);
}

fn row(measured: &Measured, bare: &Measured, floor: &Measured, ours: &Measured) -> table::Row {
    let over = measured.over(bare);
    vec![
        measured.name.to_owned(),
        format!("{:.0}", over.alone),
        format!("{:.2}", over.two_to_one()),
        format!("{:.2}", over.alone / floor.over(bare).alone),
        format!("{:.2}", over.alone / ours.over(bare).alone),
        format!("{:.2}", measured.allocations - bare.allocations),
    ]
}
