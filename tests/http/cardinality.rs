//! Nobody outside makes series: whatever a thousand requests say, one is enough to have all there will be.

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get};
use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::metrics::{Counter, DynamicFamily, Metric};
use http::Request;
use http::header::{HOST, USER_AGENT};

use support::battery::{check, in_flight, monitoring, requests};
use support::exchange::{request, send};

/// The number of series in a scrape.
fn series(monitoring: &Monitoring) -> usize {
    let text = monitoring.metrics().render();
    text.lines().filter(|line| !line.starts_with('#')).count()
}

/// Sends a thousand requests, of which the first makes all the series, to an app with and without the layer in the router.
async fn check_thousand(make: impl Fn(usize) -> Request<Body>, layer: &str, around: &str) {
    let router = Router::new().route("/boxes/{id}", any(|| async { "four" }));
    let one = monitoring();
    send_thousand(&one, router.clone().layer(one.layer()), &make).await;
    check(&one, &[layer]);
    let two = monitoring();
    send_thousand(&two, two.around(router), &make).await;
    check(&two, &[around]);
}

async fn send_thousand<S, B>(monitoring: &Monitoring, app: S, make: impl Fn(usize) -> Request<Body>)
where
    S: tower::Service<Request<Body>, Response = http::Response<B>, Error: std::fmt::Debug> + Clone,
    B: http_body::Body<Error: std::fmt::Debug>,
{
    send(app.clone(), make(0)).await;
    let after_one = series(monitoring);
    assert!(after_one > 0);
    for n in 1..1000 {
        send(app.clone(), make(n)).await;
    }
    assert_eq!(series(monitoring), after_one);
}

#[tokio::test]
async fn a_thousand_paths_that_match_nothing() {
    let expected = "GET unmatched 404 client_error 1000";
    check_thousand(|n| request(&format!("GET /scan/{n}")), expected, expected).await;
}

#[tokio::test]
async fn a_thousand_parameters() {
    check_thousand(
        |n| request(&format!("GET /boxes/{n}?page={n}")),
        "GET /boxes/{id} 200 success 1000",
        "GET unmatched 200 success 1000",
    )
    .await;
}

#[tokio::test]
async fn a_thousand_methods() {
    check_thousand(
        |n| request(&format!("METHOD{n} /boxes/7")),
        "_OTHER /boxes/{id} 200 success 1000",
        "_OTHER unmatched 200 success 1000",
    )
    .await;
}

/// Methods are told apart by case.
#[tokio::test]
async fn methods_in_lower_case() {
    check_thousand(
        |_| request("get /boxes/7"),
        "_OTHER /boxes/{id} 200 success 1000",
        "_OTHER unmatched 200 success 1000",
    )
    .await;
}

#[tokio::test]
async fn a_thousand_hosts() {
    let from = |n: usize| {
        let mut request = request("GET /boxes/7");
        for (name, value) in [
            (HOST, format!("host-{n}")),
            (USER_AGENT, format!("agent {n}")),
        ] {
            let value = value.parse().expect("a value");
            request.headers_mut().insert(name, value);
        }
        request
    };
    check_thousand(
        from,
        "GET /boxes/{id} 200 success 1000",
        "GET unmatched 200 success 1000",
    )
    .await;
}

#[tokio::test]
async fn a_thousand_authorities() {
    check_thousand(
        |n| request(&format!("GET http://host-{n}/boxes/7")),
        "GET /boxes/{id} 200 success 1000",
        "GET unmatched 200 success 1000",
    )
    .await;
}

// --- the cap ----------------------------------------------------------------------------------------------------------------

fn capped(max_series: usize) -> Monitoring {
    let monitoring =
        Monitoring::builder("battery").metrics(|metrics| metrics.max_series(max_series));
    monitoring.build().expect("a monitoring")
}

fn refused(monitoring: &Monitoring, metric: &str) -> f64 {
    let labels = [("metric", metric)];
    let name = "monitoring_series_refused_total";
    let value = monitoring.recorded().value(name, &labels);
    value.expect("the family has labels")
}

#[tokio::test]
async fn more_endpoints_than_series() {
    let monitoring = capped(3);
    let routes = (0..10).fold(Router::new(), |router, n| {
        router.route(&format!("/endpoint/{n}"), get(|| async { "four" }))
    });
    let app = routes.layer(monitoring.layer());
    for round in 1..=2 {
        for n in 0..10 {
            send(app.clone(), request(&format!("GET /endpoint/{n}"))).await;
        }
        send(app.clone(), request("GET /nothing")).await;
        let rows = [0, 1, 2].map(|n| format!("GET /endpoint/{n} 200 success {round}"));
        let overflow = format!("_overflow _overflow _overflow _overflow {}", 8 * round);
        assert_eq!(requests(&monitoring), [&rows[..], &[overflow]].concat());
        assert_eq!(in_flight(&monitoring), [""; 0]);
    }
    let recorded = monitoring.recorded();
    for name in [
        "http_request_duration_seconds",
        "http_request_size_bytes",
        "http_response_size_bytes",
    ] {
        assert_eq!(recorded.label_sets(name).len(), 4, "{name}");
        let all = recorded.histogram(name, &[]).expect("observations");
        assert_eq!(all.count, 22, "{name}");
        // `_overflow` and `unmatched` found no room: once each, not once a request.
        assert_eq!(refused(&monitoring, name), 2.0, "{name}");
    }
    assert_eq!(refused(&monitoring, "http_requests_total"), 2.0);
    // The gauge shows what the sizes' label sets hold, by endpoint.
    assert_eq!(refused(&monitoring, "http_requests_in_flight"), 2.0);
}

/// Below the cap nothing is refused.
#[tokio::test]
async fn as_many_endpoints_as_series() {
    let monitoring = capped(3);
    let routes = (0..3).fold(Router::new(), |router, n| {
        router.route(&format!("/endpoint/{n}"), get(|| async { "four" }))
    });
    let app = routes.layer(monitoring.layer());
    for n in 0..3 {
        send(app.clone(), request(&format!("GET /endpoint/{n}"))).await;
    }
    let rows = [0, 1, 2].map(|n| format!("GET /endpoint/{n} 200 success 1"));
    check(&monitoring, &rows.each_ref().map(String::as_str));
    assert_eq!(refused(&monitoring, "http_requests_total"), 0.0);
}

/// One endpoint with more statuses than there is room for.
#[tokio::test]
async fn more_statuses_than_series() {
    let monitoring = capped(2);
    let status = |axum::extract::Path(code): axum::extract::Path<u16>| async move {
        http::StatusCode::from_u16(code).expect("a status")
    };
    let app = Router::new()
        .route("/{code}", get(status))
        .layer(monitoring.layer());
    for code in [200, 201, 202, 203, 200, 202] {
        send(app.clone(), request(&format!("GET /{code}"))).await;
    }
    assert_eq!(
        requests(&monitoring),
        [
            "GET /{code} 200 success 2",
            "GET /{code} 201 success 1",
            "_overflow _overflow _overflow _overflow 3",
        ]
    );
    assert_eq!(in_flight(&monitoring), [""; 0]);
    assert_eq!(refused(&monitoring, "http_requests_total"), 2.0);
}

#[test]
fn more_labels_of_ones_own_than_series() {
    let monitoring = capped(2);
    const SENT: Metric =
        Metric::counter("parcels_sent_total", "Parcels sent.").labels(&["carrier"]);
    let sent: DynamicFamily<Counter, 1> = monitoring.metrics().dynamic(SENT).expect("a family");
    for carrier in ["bike", "train", "ship", "balloon", "bike", "ship"] {
        sent.get([carrier]).inc();
    }
    let recorded = monitoring.recorded();
    let count = |carrier| recorded.value("parcels_sent_total", &[("carrier", carrier)]);
    assert_eq!(count("bike"), Some(2.0));
    assert_eq!(count("train"), Some(1.0));
    assert_eq!(count("_overflow"), Some(3.0));
    assert_eq!(recorded.label_sets("parcels_sent_total").len(), 3);
    // Each look-up of what has no room asks anew.
    assert_eq!(refused(&monitoring, "parcels_sent_total"), 3.0);
}

#[test]
fn a_cap_of_nothing_is_refused() {
    let error = Monitoring::builder("battery")
        .metrics(|metrics| metrics.max_series(0))
        .build();
    let error = error.expect_err("no room at all");
    assert!(error.is_configuration() && error.to_string().contains("max_series"));
}
