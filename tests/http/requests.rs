//! Every answered request is counted exactly once: with any status, by any method, with or without a body.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use ecolaura_monitoring::Monitoring;
use http::header::CONTENT_LENGTH;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tower::Layer as _;
use tower::{ServiceExt as _, service_fn};

use support::battery::{check, in_flight, monitoring, received, requests, seconds, sent};
use support::exchange::{head, request, send, spend};
use support::script::{Script, Step};

/// An app with one endpoint, `/boxes/{id}`, for every method.
fn app<R: IntoResponse + 'static>(monitoring: &Monitoring, answer: fn() -> R) -> Router {
    Router::new()
        .route("/boxes/{id}", any(move || async move { answer() }))
        .layer(monitoring.layer())
}

#[tokio::test]
async fn every_status_has_its_outcome() {
    async fn status(Path(code): Path<u16>) -> StatusCode {
        StatusCode::from_u16(code).expect("a status")
    }
    let monitoring = monitoring();
    let app = Router::new()
        .route("/status/{code}", get(status))
        .layer(monitoring.layer());
    let expected = [
        (200, "success"),
        (201, "success"),
        (204, "success"),
        (206, "success"),
        (301, "success"),
        (304, "success"),
        (400, "client_error"),
        (404, "client_error"),
        (408, "timeout"),
        (429, "client_error"),
        (499, "client_error"),
        (500, "server_error"),
        (503, "server_error"),
        (504, "timeout"),
        (599, "server_error"),
        (999, "server_error"),
    ];
    for (code, _) in expected {
        let answer = send(app.clone(), request(&format!("GET /status/{code}"))).await;
        assert_eq!(answer, (code, Bytes::new()));
    }
    let lines = expected.map(|(code, outcome)| format!("GET /status/{{code}} {code} {outcome} 1"));
    check(&monitoring, &lines.each_ref().map(String::as_str));
}

#[tokio::test]
async fn each_method_has_its_series() {
    let monitoring = monitoring();
    let app = app(&monitoring, || "four");
    let methods = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    ];
    for method in methods {
        let (status, _) = send(app.clone(), request(&format!("{method} /boxes/7"))).await;
        assert_eq!(status, 200);
    }
    let lines = methods.map(|method| format!("{method} /boxes/{{id}} 200 success 1"));
    check(&monitoring, &lines.each_ref().map(String::as_str));
}

#[tokio::test]
async fn requests_add_up() {
    let monitoring = monitoring();
    let app = app(&monitoring, || "four");
    for id in 0..20 {
        send(app.clone(), request(&format!("GET /boxes/{id}"))).await;
        send(app.clone(), request(&format!("PUT /boxes/{id}"))).await;
        send(app.clone(), request(&format!("GET /nothing/{id}"))).await;
    }
    check(
        &monitoring,
        &[
            "GET /boxes/{id} 200 success 20",
            "PUT /boxes/{id} 200 success 20",
            "GET unmatched 404 client_error 20",
        ],
    );
    assert_eq!(sent(&monitoring), (60, 160.0));
    assert_eq!(received(&monitoring), (60, 0.0));
}

#[tokio::test]
async fn the_answer_is_what_it_would_be_without_the_layer() {
    let answer = || (StatusCode::CREATED, [("x-box", "7")], "packed");
    let bare = Router::new().route("/boxes/{id}", get(move || async move { answer() }));
    let measured = bare.clone().layer(monitoring().layer());
    let bare = head(bare, request("GET /boxes/7")).await;
    let measured = head(measured, request("GET /boxes/7")).await;
    assert_eq!(measured.status(), bare.status());
    assert_eq!(measured.headers(), bare.headers());
    assert_eq!(measured.version(), bare.version());
    let (measured, bare) = (measured.into_body(), bare.into_body());
    assert_eq!(
        http_body::Body::size_hint(&measured).exact(),
        http_body::Body::size_hint(&bare).exact()
    );
    let measured = measured.collect().await.expect("a body").to_bytes();
    assert_eq!(measured, bare.collect().await.expect("a body").to_bytes());
}

/// Takes the head and asks for nothing of the body, as a server does with an answer that has none.
async fn check_done_at_the_head(line: &str, answer: fn() -> Response<Body>, expected: &str) {
    let monitoring = monitoring();
    let response = head(app(&monitoring, answer), request(line)).await;
    check(&monitoring, &[expected]);
    drop(response);
    check(&monitoring, &[expected]);
    assert_eq!(sent(&monitoring), (1, 0.0));
}

#[tokio::test]
async fn head_has_no_body() {
    check_done_at_the_head(
        "HEAD /boxes/7",
        || Response::new(Script::new([Step::Data(10)]).announcing(10).body()),
        "HEAD /boxes/{id} 200 success 1",
    )
    .await;
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes", get(|| async { "four" }))
        .layer(monitoring.layer());
    let answer = head(app, request("HEAD /boxes")).await;
    assert_eq!(answer.headers()[CONTENT_LENGTH], "4");
    drop(answer);
    check(&monitoring, &["HEAD /boxes 200 success 1"]);
}

#[tokio::test]
async fn not_modified_and_no_content_have_no_body() {
    fn answer(status: StatusCode) -> Response<Body> {
        let body = Script::new([Step::Data(10)]).announcing(10).body();
        (status, body).into_response()
    }
    check_done_at_the_head(
        "GET /boxes/7",
        || answer(StatusCode::NOT_MODIFIED),
        "GET /boxes/{id} 304 success 1",
    )
    .await;
    check_done_at_the_head(
        "GET /boxes/7",
        || answer(StatusCode::NO_CONTENT),
        "GET /boxes/{id} 204 success 1",
    )
    .await;
}

#[tokio::test]
async fn an_empty_body_is_done_at_the_head() {
    let expected = "GET /boxes/{id} 200 success 1";
    check_done_at_the_head("GET /boxes/7", || Response::new(Body::empty()), expected).await;
}

/// A server does not ask a body for the nothing that it announces, whatever the body says of its end.
#[tokio::test]
async fn an_announced_length_of_zero_is_done_at_the_head() {
    let expected = "GET /boxes/{id} 200 success 1";
    let announced = || Response::new(Script::new([]).announcing(0).body());
    check_done_at_the_head("GET /boxes/7", announced, expected).await;
    let declared = || ([(CONTENT_LENGTH, "0")], Script::new([]).body()).into_response();
    check_done_at_the_head("GET /boxes/7", declared, expected).await;
}

/// A server stops asking when it has what was announced, so the last frame is the end.
#[tokio::test]
async fn a_body_is_done_with_the_last_announced_byte() {
    async fn check_last_byte(answer: fn() -> Response<Body>) {
        let monitoring = monitoring();
        let response = head(app(&monitoring, answer), request("GET /boxes/7")).await;
        let mut body = response.into_body();
        assert_eq!(requests(&monitoring), [""; 0]);
        assert_eq!(in_flight(&monitoring), ["/boxes/{id} 1"]);
        for _ in 0..2 {
            body.frame().await.expect("a frame").expect("data");
        }
        drop(body);
        check(&monitoring, &["GET /boxes/{id} 200 success 1"]);
        assert_eq!(sent(&monitoring), (1, 10.0));
    }
    fn script() -> Script {
        Script::new([Step::Data(4), Step::Data(6)])
    }
    check_last_byte(|| Response::new(script().announcing(10).body())).await;
    check_last_byte(|| ([(CONTENT_LENGTH, "10")], script().body()).into_response()).await;
}

/// A server asks no further when the body says with a frame that this was the last one.
#[tokio::test]
async fn a_body_that_says_its_end_is_done_with_the_last_frame() {
    let monitoring = monitoring();
    let body = || {
        let body = Script::new([Step::Data(4), Step::Data(6)]);
        body.saying_its_end().body()
    };
    let response = head(app(&monitoring, body), request("GET /boxes/7")).await;
    let mut body = response.into_body();
    for _ in 0..2 {
        assert_eq!(requests(&monitoring), [""; 0]);
        body.frame().await.expect("a frame").expect("data");
    }
    drop(body);
    check(&monitoring, &["GET /boxes/{id} 200 success 1"]);
    assert_eq!(sent(&monitoring), (1, 10.0));
}

#[tokio::test]
async fn a_body_without_a_length_is_done_when_it_says_so() {
    let monitoring = monitoring();
    let body = || Script::new([Step::Data(4), Step::Data(6)]).body();
    let response = head(app(&monitoring, body), request("GET /boxes/7")).await;
    let mut body = response.into_body();
    for _ in 0..2 {
        body.frame().await.expect("a frame").expect("data");
        assert_eq!(requests(&monitoring), [""; 0]);
    }
    assert!(body.frame().await.is_none());
    check(&monitoring, &["GET /boxes/{id} 200 success 1"]);
    assert_eq!(sent(&monitoring), (1, 10.0));
}

#[tokio::test]
async fn the_time_runs_to_the_end_of_the_body() {
    let some_time = Duration::from_millis(5);
    let monitoring = monitoring();
    let handler = move || async move {
        spend(some_time);
        Script::new([Step::Data(4)]).body()
    };
    let app = Router::new()
        .route("/boxes", get(handler))
        .layer(monitoring.layer());
    let started = Instant::now();
    let response = head(app, request("GET /boxes")).await;
    spend(some_time);
    response.into_body().collect().await.expect("a body");
    let at_most = started.elapsed().as_secs_f64();
    check(&monitoring, &["GET /boxes 200 success 1"]);
    let measured = seconds(&monitoring);
    assert!((0.010..=at_most).contains(&measured), "{measured} s");
}

#[tokio::test]
async fn any_service_of_http_can_be_measured() {
    let monitoring = monitoring();
    let service = service_fn(|request: Request<Full<Bytes>>| async move {
        let body = request.into_body().collect().await?;
        Ok::<_, Infallible>(Response::new(Full::new(body.to_bytes())))
    });
    for service in [
        monitoring.layer().layer(service),
        monitoring.around(service),
    ] {
        let request = Request::post("/boxes").body(Full::from("four"));
        let answer = service.oneshot(request.expect("a request")).await;
        let body = answer.expect("an answer").into_body().collect().await;
        assert_eq!(body.expect("a body").to_bytes(), "four");
    }
    check(&monitoring, &["POST unmatched 200 success 2"]);
    // What was read of a body of this type nobody saw.
    assert_eq!(
        (received(&monitoring), sent(&monitoring)),
        ((0, 0.0), (2, 8.0))
    );
}

#[tokio::test]
async fn sizes_can_be_turned_off() {
    let monitoring = Monitoring::builder("battery")
        .http(|http| http.without_body_sizes())
        .build();
    let monitoring = monitoring.expect("a monitoring");
    send(app(&monitoring, || "four"), request("GET /boxes/7")).await;
    assert_eq!(requests(&monitoring), ["GET /boxes/{id} 200 success 1"]);
    assert_eq!(in_flight(&monitoring), [""; 0]);
    let recorded = monitoring.recorded();
    for name in ["http_request_size_bytes", "http_response_size_bytes"] {
        assert_eq!(recorded.label_sets(name), Vec::<Vec<_>>::new());
    }
}
