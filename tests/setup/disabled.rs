//! With `OTEL_SDK_DISABLED=true` a service works as before, and nothing is recorded.
//!
//! The environment belongs to the whole process, so each test runs itself again in a process of its own.

use std::env;
use std::future::pending;

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get};
use ecolaura_monitoring::metrics::Metric;
use ecolaura_monitoring::{Monitoring, monitor};
use http::StatusCode;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use support::battery::{monitoring, requests};
use support::captured::Captured;
use support::exchange::{drop_half_way, head, panics, request, send, with_body};
use support::own_process;
use support::script::{FAILED, PANICKED, Script, Step};
use support::this_test;

const DISABLED: &str = "OTEL_SDK_DISABLED";

/// What a scrape says instead of nothing at all.
const NOTHING: &str = "# nothing is recorded: OTEL_SDK_DISABLED is true\n";

/// Whether telemetry is disabled here. If not, runs the test of this name once more, where it is.
fn is_disabled(test: &str) -> bool {
    if env::var_os(DISABLED).is_some_and(|value| value == "true") {
        return true;
    }
    let again = own_process::run(test)
        .env(DISABLED, "true")
        .output()
        .expect("the test runs again");
    let output = String::from_utf8_lossy(&again.stdout);
    assert!(
        again.status.success() && output.contains("1 passed"),
        "{output}"
    );
    false
}

#[monitor("/monitored")]
async fn monitored() -> &'static str {
    "four"
}

fn app() -> Router {
    let events = || async {
        let body = Script::new([Step::Data(4), Step::Data(6)]).body();
        ([("content-type", "text/event-stream")], body)
    };
    Router::new()
        .route("/monitored", get(monitored))
        .route("/read", any(|text: String| async { text }))
        .route("/events", get(events))
        .route("/socket", get(|| async { StatusCode::SWITCHING_PROTOCOLS }))
        .route("/never", get(pending::<&'static str>))
        .route("/fails", get(|| async { Script::new([Step::Fail]).body() }))
        .route(
            "/panics",
            get(|| async { Script::new([Step::Panic]).body() }),
        )
}

/// Sends requests of all kinds, each of which is answered as if nothing were in between.
async fn ask<S, B>(app: S)
where
    S: tower::Service<http::Request<Body>, Response = http::Response<B>, Error: std::fmt::Debug>,
    S: Clone,
    B: http_body::Body<Error: std::fmt::Debug + std::fmt::Display>,
{
    let answer = send(app.clone(), request("GET /monitored")).await;
    assert_eq!(answer, (200, "four".into()));
    let answer = send(app.clone(), with_body("POST /read", Body::from("four"))).await;
    assert_eq!(answer, (200, "four".into()));
    assert_eq!(send(app.clone(), request("GET /nothing")).await.0, 404);
    assert_eq!(send(app.clone(), request("GET /events")).await.1.len(), 10);
    assert_eq!(
        head(app.clone(), request("GET /socket")).await.status(),
        101
    );
    drop_half_way(app.clone().oneshot(request("GET /never")));
    let fails = head(app.clone(), request("GET /fails")).await.into_body();
    let failure = fails
        .collect()
        .await
        .map(|_| "a body")
        .expect_err("a failure");
    assert_eq!(failure.to_string(), FAILED);
    let body = head(app, request("GET /panics")).await.into_body();
    panics(PANICKED, body.collect());
}

#[tokio::test]
async fn requests_pass_through() {
    if !is_disabled(&this_test!()) {
        return;
    }
    let monitoring = monitoring();
    ask(app().layer(monitoring.layer())).await;
    ask(monitoring.around(app())).await;
    let with_routes = monitoring.around(app()).routes(["/monitored"]);
    ask(with_routes.expect("good templates")).await;
    assert_eq!(requests(&monitoring), [""; 0]);
    let recorded = monitoring.recorded();
    for name in [
        "http_request_duration_seconds",
        "http_requests_in_flight",
        "http_request_size_bytes",
        "http_response_size_bytes",
        "http_stream_duration_seconds",
        "request_count_total",
    ] {
        assert_eq!(recorded.label_sets(name), Vec::<Vec<_>>::new(), "{name}");
    }
}

#[tokio::test]
async fn scrapes_are_empty_and_health_answers() {
    if !is_disabled(&this_test!()) {
        return;
    }
    let monitoring = monitoring();
    let routes: Router = monitoring.routes();
    assert_eq!(
        send(routes.clone(), request("GET /metrics")).await,
        (200, NOTHING.into())
    );
    for path in ["/health/live", "/health/ready", "/health/startup"] {
        assert_eq!(
            send(routes.clone(), request(&format!("GET {path}")))
                .await
                .0,
            200
        );
    }
}

/// A service's own metrics need no `if`: their handles work, and nobody sees them.
#[tokio::test]
async fn own_metrics_can_be_recorded() {
    if !is_disabled(&this_test!()) {
        return;
    }
    let monitoring = monitoring();
    const PACKED: Metric = Metric::counter("boxes_packed_total", "Boxes packed.");
    let packed = monitoring.metrics().counter(PACKED).expect("a counter");
    packed.inc();
    assert_eq!(packed.value(), 1);
    let routes: Router = monitoring.routes();
    assert_eq!(
        send(routes, request("GET /metrics")).await,
        (200, NOTHING.into())
    );
}

/// The macros of the `metrics` crate find nobody who records, also where they ask for us.
#[tokio::test]
async fn macros_record_nothing() {
    if !is_disabled(&this_test!()) {
        return;
    }
    let monitoring = Monitoring::builder("battery").listen(([127, 0, 0, 1], 0));
    let monitoring = monitoring.init().expect("a monitoring");
    metrics::counter!("boxes").increment(1);
    metrics::with_local_recorder(&monitoring.metrics_recorder(), || {
        metrics::counter!("boxes").increment(1);
    });
    assert_eq!(monitoring.recorded().value("boxes", &[]), None);
}

/// All of a service at once, as in its `main`.
#[tokio::test]
async fn a_service_starts() {
    if !is_disabled(&this_test!()) {
        return;
    }
    let monitoring = Monitoring::builder("battery").listen(([127, 0, 0, 1], 0));
    let monitoring = monitoring.init().expect("a monitoring");
    assert!(monitoring.listen_addr().is_some());
    ask(app().layer(monitoring.layer())).await;
    assert_eq!(requests(&monitoring), [""; 0]);
}

/// What a service says of its business and its resources is checked as ever, and goes nowhere.
#[test]
fn recorders_do_nothing() {
    if !is_disabled(&this_test!()) {
        return;
    }
    let monitoring = monitoring();
    let wrong = monitoring.business().currencies(["EURO"]).register();
    assert!(wrong.is_err());
    let business = monitoring.business().plans(["forest"]).register().unwrap();
    business.signed_up("forest");
    business.user_seen("mara@example.org");
    business.revenue(1, "EUR");
    business.order().completed();
    let never = || -> usize { unreachable!("nobody asks") };
    monitoring.queue("emails", never).unwrap();
    monitoring.cache("products").unwrap().hit();
    let text = monitoring.metrics().render();
    for word in ["forest", "active_users", "EUR", "emails", "products"] {
        assert!(!text.contains(word), "{word}\n{text}");
    }
}

/// Its layer passes all requests through: no handler is where it should not be.
#[tokio::test]
async fn no_handler_is_misplaced() {
    if !is_disabled(&this_test!()) {
        return;
    }
    let builder = Monitoring::builder("test").without_listener();
    let monitoring = builder.init().expect("a monitoring");
    let (captured, _guard) = Captured::start();
    ask(app().layer(monitoring.layer())).await;
    monitored().await;
    assert_eq!(captured.lines("#[monitor"), [""; 0]);
}
