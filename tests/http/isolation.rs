//! Two monitorings in one process do not mix, and none of them touches a global.

use std::thread;

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::metrics::Metric;
use ecolaura_monitoring::{Monitoring, monitor};

use support::battery::{check, monitoring};
use support::exchange::{request, send};

#[monitor("/boxes/{id}")]
async fn monitored() -> &'static str {
    "four"
}

fn app() -> Router {
    Router::new().route("/boxes/{id}", get(monitored))
}

fn calls(monitoring: &Monitoring) -> Option<f64> {
    monitoring.recorded().value("request_count_total", &[])
}

#[tokio::test]
async fn two_apps() {
    let (one, two) = (monitoring(), monitoring());
    let (first, second) = (app().layer(one.layer()), two.around(app()));
    for _ in 0..2 {
        send(first.clone(), request("GET /boxes/7")).await;
        send(second.clone(), request("GET /boxes/7")).await;
        send(second.clone(), request("GET /nothing")).await;
    }
    check(&one, &["GET /boxes/{id} 200 success 2"]);
    check(
        &two,
        &[
            "GET /boxes/{id} 200 success 2",
            "GET unmatched 404 client_error 2",
        ],
    );
    assert_eq!((calls(&one), calls(&two)), (Some(2.0), Some(2.0)));
}

/// Both see the request; the handler belongs to the inner one.
#[tokio::test]
async fn two_in_one_app() {
    let (outer, inner) = (monitoring(), monitoring());
    let app = app().layer(inner.layer()).layer(outer.layer());
    send(app, request("GET /boxes/7")).await;
    check(&outer, &["GET /boxes/{id} 200 success 1"]);
    check(&inner, &["GET /boxes/{id} 200 success 1"]);
    assert_eq!((calls(&outer), calls(&inner)), (None, Some(1.0)));
}

#[test]
fn two_scopes() {
    #[monitor("pack")]
    fn pack() {}
    let (one, two) = (monitoring(), monitoring());
    thread::scope(|scope| {
        scope.spawn(|| one.enter(pack));
        scope.spawn(|| two.enter(pack));
    });
    one.enter(|| {
        two.enter(pack);
        pack();
    });
    pack(); // belongs to the process, not to any of these
    assert_eq!((calls(&one), calls(&two)), (Some(2.0), Some(2.0)));
}

#[test]
fn the_same_metric_in_both() {
    const PACKED: Metric = Metric::counter("boxes_packed_total", "Boxes packed.");
    const OTHER: Metric = Metric::counter("boxes_packed_total", "Boxes, packed or not.");
    let (one, two) = (monitoring(), monitoring());
    let packed = one.metrics().counter(PACKED).expect("a counter");
    two.metrics().counter(OTHER).expect("a counter");
    packed.add(3);
    let value = |monitoring: &Monitoring| monitoring.recorded().value("boxes_packed_total", &[]);
    assert_eq!((value(&one), value(&two)), (Some(3.0), Some(0.0)));
}

/// What was recorded stays when the last clone is gone, and the layer goes on.
#[tokio::test]
async fn a_layer_outlives_its_monitoring() {
    let monitoring = monitoring();
    let registry = monitoring.metrics();
    let app = app().layer(monitoring.layer());
    drop(monitoring);
    send(app, request("GET /boxes/7")).await;
    let line = "\nhttp_requests_total{method=\"GET\",endpoint=\"/boxes/{id}\",status_code=\"200\",outcome=\"success\"} 1\n";
    assert!(registry.render().contains(line), "{}", registry.render());
}
