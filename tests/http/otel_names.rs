//! With OpenTelemetry's names a request is told by the labels that its conventions for HTTP ask for.

use std::collections::BTreeSet;
use std::task::{Context, Waker};

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use ecolaura_monitoring::{MetricNaming, Monitoring};
use http::{Request, StatusCode, Version};
use tower::ServiceExt as _;

use support::exchange::{request, send, with_body};

const DURATION: &str = "http_server_request_duration_seconds";

fn monitoring() -> Monitoring {
    let builder =
        Monitoring::builder("otel").http(|http| http.metric_naming(MetricNaming::OpenTelemetry));
    builder.build().expect("the environment is empty")
}

fn app(monitoring: &Monitoring) -> Router {
    let failing = async || StatusCode::BAD_GATEWAY;
    Router::new()
        .route("/boxes/{id}", get(async || "four"))
        .route("/boxes", post(async |body: String| body))
        .route("/failing", get(failing))
        .route("/slow", get(async || StatusCode::GATEWAY_TIMEOUT))
        .route("/waiting", get(std::future::pending::<&str>))
        .layer(monitoring.layer())
}

/// Each series of the duration: its label values in the conventions' order, and its count.
fn durations(monitoring: &Monitoring) -> BTreeSet<String> {
    let recorded = monitoring.recorded();
    let sets = recorded.label_sets(DURATION).into_iter();
    sets.map(|set| {
        let names: Vec<_> = set.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "http_request_method",
            "http_route",
            "http_response_status_code",
            "error_type",
            "url_scheme",
            "network_protocol_version",
        ];
        assert_eq!(names, expected);
        let labels: Vec<_> = set.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let count = recorded
            .histogram(DURATION, &labels)
            .map_or(0, |found| found.count);
        let values: Vec<_> = labels.iter().map(|(_, value)| *value).collect();
        format!("{} {count}", values.join("|"))
    })
    .collect()
}

fn set(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[tokio::test]
async fn a_request_has_the_labels_of_the_conventions() {
    let monitoring = monitoring();
    let app = app(&monitoring);
    for line in [
        "GET /boxes/7",
        "GET /boxes/8",
        "DELETE /boxes/7",
        "BREW /boxes/7",
        "GET /nothing",
    ] {
        send(app.clone(), request(line)).await;
    }
    for line in ["GET /failing", "GET /slow"] {
        send(app.clone(), request(line)).await;
    }
    let mut gone = Box::pin(app.clone().oneshot(request("GET /waiting")));
    assert!(
        gone.as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    drop(gone);
    let expected = [
        "GET|/boxes/{id}|200||http|1.1 2",
        "DELETE|/boxes/{id}|405||http|1.1 1",
        "_OTHER|/boxes/{id}|405||http|1.1 1",
        "GET||404||http|1.1 1",
        "GET|/failing|502|502|http|1.1 1",
        "GET|/slow|504|timeout|http|1.1 1",
        "GET|/waiting||cancelled|http|1.1 1",
    ];
    assert_eq!(durations(&monitoring), set(&expected));
    let names = monitoring.metrics().render();
    for name in [
        "http_requests_total",
        "http_request_duration_seconds",
        "http_requests_in_flight",
    ] {
        assert!(!names.contains(&format!("# TYPE {name} ")), "{name}");
    }
}

#[tokio::test]
async fn scheme_and_version_are_told_apart() {
    let monitoring = monitoring();
    let app = app(&monitoring);
    for (target, version) in [
        ("/boxes/7", Version::HTTP_11),
        ("/boxes/7", Version::HTTP_10),
        ("http://shop.example/boxes/7", Version::HTTP_2),
        ("https://shop.example/boxes/7", Version::HTTP_2),
        ("https://shop.example/boxes/7", Version::HTTP_3),
        ("gopher://shop.example/boxes/7", Version::HTTP_2),
    ] {
        let request = Request::get(target).version(version).body(Body::empty());
        send(app.clone(), request.expect("a request")).await;
    }
    let expected = [
        "GET|/boxes/{id}|200||http|1.1 1",
        "GET|/boxes/{id}|200||http|1.0 1",
        "GET|/boxes/{id}|200||http|2 2",
        "GET|/boxes/{id}|200||https|2 1",
        "GET|/boxes/{id}|200||https|3 1",
    ];
    assert_eq!(durations(&monitoring), set(&expected));
}

#[tokio::test]
async fn sizes_and_active_requests() {
    let monitoring = monitoring();
    let app = app(&monitoring);
    send(app.clone(), with_body("POST /boxes", Body::from("seven b"))).await;
    let mut waiting = Box::pin(app.clone().oneshot(request("GET /waiting")));
    assert!(
        waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    let recorded = monitoring.recorded();
    let active = "http_server_active_requests";
    let get = [("http_request_method", "GET"), ("url_scheme", "http")];
    assert_eq!(recorded.value(active, &get), Some(1.0));
    assert_eq!(
        recorded.value(active, &[("http_request_method", "POST")]),
        Some(0.0)
    );
    drop(waiting);
    assert_eq!(monitoring.recorded().value(active, &get), Some(0.0));
    let route = [
        ("http_route", "/boxes"),
        ("network_protocol_version", "1.1"),
    ];
    for name in [
        "http_server_request_body_size_bytes",
        "http_server_response_body_size_bytes",
    ] {
        let sizes = recorded.histogram(name, &route).expect("observations");
        assert_eq!((sizes.count, sizes.sum), (1, 7.0), "{name}");
    }
}

/// The panic is its own type of error; the status is what the client would have got.
#[tokio::test]
async fn a_panic() {
    let monitoring = monitoring();
    let panicking = || async { if true { panic!("packed") } else { "four" } };
    let app = Router::new()
        .route("/panic", get(panicking))
        .layer(monitoring.layer());
    let call = tokio::spawn(async move { app.oneshot(request("GET /panic")).await.map(drop) });
    assert!(call.await.is_err());
    assert_eq!(
        durations(&monitoring),
        set(&["GET|/panic|500|panic|http|1.1 1"])
    );
}

/// The head said 200, and yet it went wrong.
#[tokio::test]
async fn a_body_that_fails_after_its_head() {
    let monitoring = monitoring();
    let failing = || async {
        let frames = ["four", "gone"].map(|text| match text {
            "four" => Ok(text),
            _ => Err(std::io::Error::other("gone")),
        });
        Body::from_stream(tokio_stream::iter(frames))
    };
    let app = Router::new()
        .route("/failing", get(failing))
        .layer(monitoring.layer());
    let answer = app
        .oneshot(request("GET /failing"))
        .await
        .expect("an answer");
    assert!(
        http_body_util::BodyExt::collect(answer.into_body())
            .await
            .is_err()
    );
    let expected = ["GET|/failing|200|server_error|http|1.1 1"];
    assert_eq!(durations(&monitoring), set(&expected));
}
