//! Around a whole router, where the table of routes or the handler's attribute names the endpoint, a request is counted once too.

use std::future::{Future as _, pending};
use std::pin::pin;
use std::task::{Context, Waker};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use ecolaura_monitoring::monitor;
use tower::ServiceExt as _;

use support::battery::{check, in_flight, monitoring};
use support::captured::Captured;
use support::exchange::{check_counts, request, send};

async fn four() -> &'static str {
    "four"
}

#[monitor("/monitored/{id}")]
async fn monitored() -> &'static str {
    "four"
}

#[tokio::test]
async fn around_with_a_table_of_routes() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes", get(four))
        .route("/boxes/{id}", get(four))
        .route("/files/{*path}", get(four))
        .route("/forgotten", get(four));
    let app = monitoring
        .around(app)
        .routes(["/boxes", "/boxes/{id}", "/files/{*path}"])
        .expect("good templates");
    check_counts(
        &monitoring,
        app,
        &[
            "GET /boxes",
            "GET /boxes/7?query",
            "PUT /boxes/8",
            "GET /files/a/b",
            "GET /forgotten",
            "GET /nothing",
        ],
        &[
            "GET /boxes 200 success 1",
            "GET /boxes/{id} 200 success 1",
            "PUT /boxes/{id} 405 client_error 1",
            "GET /files/{*path} 200 success 1",
            "GET unmatched 200 success 1",
            "GET unmatched 404 client_error 1",
        ],
    )
    .await;
}

#[test]
fn a_table_of_routes_with_a_mistake() {
    for (templates, says) in [
        (["/boxes/{id", "/orders"], "`/boxes/{id`"),
        (["/boxes/{id}", "/boxes/{number}"], "`/boxes/{number}`"),
        (["/boxes", "/boxes"], "`/boxes`"),
    ] {
        let error = monitoring().around(()).routes(templates).expect_err(says);
        assert!(error.is_configuration(), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

/// The handler names the endpoint, as soon as it runs.
#[tokio::test]
async fn around_monitored_handlers() {
    #[monitor("pack")]
    async fn helper() -> &'static str {
        "four"
    }
    let monitoring = monitoring();
    let app = Router::new()
        .route("/monitored/{id}", get(monitored))
        .route("/helped", get(|| async { helper().await }))
        .route("/plain", get(four));
    check_counts(
        &monitoring,
        monitoring.around(app),
        &[
            "GET /monitored/7",
            "GET /helped",
            "GET /plain",
            "GET /nothing",
        ],
        &[
            "GET /monitored/{id} 200 success 1",
            "GET unmatched 200 success 2",
            "GET unmatched 404 client_error 1",
        ],
    )
    .await;
    let recorded = monitoring.recorded();
    for endpoint in ["/monitored/{id}", "pack"] {
        let labels = [
            ("endpoint", endpoint),
            ("method", "GET"),
            ("http_status", "200"),
        ];
        assert_eq!(recorded.value("request_count_total", &labels), Some(1.0));
    }
}

/// Where the route and the attribute disagree, the route is right.
#[tokio::test]
async fn the_route_wins_over_the_attribute() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes/{id}", get(monitored))
        .layer(monitoring.layer());
    check_counts(
        &monitoring,
        app,
        &["GET /boxes/7"],
        &["GET /boxes/{id} 200 success 1"],
    )
    .await;
}

/// A request is in flight where it will be counted, from the moment that this is known.
#[tokio::test]
async fn around_knows_what_is_in_flight() {
    #[monitor("/monitored")]
    async fn never() -> &'static str {
        pending().await
    }
    let monitoring = monitoring();
    let app = Router::new()
        .route("/monitored", get(never))
        .route("/plain", get(pending::<&'static str>));
    let app = monitoring.around(app);
    {
        let mut named = pin!(app.clone().oneshot(request("GET /monitored")));
        let mut unnamed = pin!(app.oneshot(request("GET /plain")));
        let mut context = Context::from_waker(Waker::noop());
        assert!(named.as_mut().poll(&mut context).is_pending());
        assert!(unnamed.as_mut().poll(&mut context).is_pending());
        assert_eq!(in_flight(&monitoring), ["/monitored 1"]);
    }
    check(
        &monitoring,
        &[
            "GET /monitored 499 cancelled 1",
            "GET unmatched 499 cancelled 1",
        ],
    );
}

#[tokio::test]
async fn the_attribute_names_no_other_request() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/monitored/{id}", get(monitored))
        .fallback(|| async { Body::from("nothing") });
    check_counts(
        &monitoring,
        monitoring.around(app),
        &["GET /nothing", "GET /monitored/7", "GET /nothing"],
        &[
            "GET unmatched 200 success 2",
            "GET /monitored/{id} 200 success 1",
        ],
    )
    .await;
}

/// Before its handler names it a request belongs to no endpoint: that makes no series of what no route matched.
#[tokio::test]
async fn a_name_that_comes_late_makes_no_series_of_what_was_not_matched() {
    let monitoring = monitoring();
    let app = Router::new().route("/monitored/{id}", get(monitored));
    let app = monitoring.around(app);
    check_counts(
        &monitoring,
        app,
        &["GET /monitored/7"],
        &["GET /monitored/{id} 200 success 1"],
    )
    .await;
    for (name, labels) in [
        ("http_requests_in_flight", 1),
        ("http_response_size_bytes", 2),
    ] {
        let sets = monitoring.recorded().label_sets(name);
        assert_eq!(sets.len(), 1, "{name}: {sets:?}");
        assert_eq!(sets[0].len(), labels);
        assert!(sets[0].iter().any(|(_, value)| value == "/monitored/{id}"));
    }
}

/// Tests of a service call its handlers, and routers without a layer, where nobody has initialised a monitoring.
#[tokio::test]
async fn without_a_monitoring_nothing_is_said_of_handlers() {
    let (captured, _guard) = Captured::start();
    assert_eq!(monitored().await, "four");
    let app = Router::new().route("/elsewhere", get(monitored));
    assert_eq!(send(app, request("GET /elsewhere")).await.0, 200);
    assert_eq!(captured.lines(""), [""; 0]);
}
