//! A service or a body that fails is counted once, as a server error, and its error goes on unchanged.

use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::routing::get;
use axum::{BoxError, Router};
use ecolaura_monitoring::Monitoring;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tower::Layer as _;
use tower::{ServiceBuilder, service_fn};

use support::battery::{check, in_flight, monitoring, received, requests, sent};
use support::exchange::{error, head, request, send, with_body};
use support::script::{FAILED, Script, Step};

#[derive(Clone, Debug)]
struct NoPaper;

impl std::fmt::Display for NoPaper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no paper")
    }
}

impl std::error::Error for NoPaper {}

async fn fails(_: Request<Body>) -> Result<Response<Body>, NoPaper> {
    Err(NoPaper)
}

async fn fails_boxed(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    fails(request).await.map_err(BoxError::from)
}

#[tokio::test]
async fn an_error_of_the_service() {
    let monitoring = monitoring();
    for service in [
        monitoring.layer().layer(service_fn(fails)),
        monitoring.around(service_fn(fails)),
    ] {
        assert_eq!(error(service, request("GET /boxes")).await, "no paper");
    }
    check(&monitoring, &["GET unmatched 500 server_error 2"]);
}

#[tokio::test]
async fn a_boxed_error_of_the_service() {
    let monitoring = monitoring();
    let service = monitoring.layer().layer(service_fn(fails_boxed));
    assert_eq!(error(service, request("PUT /boxes")).await, "no paper");
    check(&monitoring, &["PUT unmatched 500 server_error 1"]);
}

#[tokio::test]
async fn an_error_that_a_layer_inside_answers() {
    let monitoring = monitoring();
    let answers = HandleErrorLayer::new(|error: BoxError| async move {
        (StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    });
    let service = ServiceBuilder::new()
        .layer(answers)
        .service(service_fn(fails_boxed));
    let app = Router::new()
        .route_service("/boxes", service)
        .layer(monitoring.layer());
    let (status, body) = send(app, request("GET /boxes")).await;
    assert_eq!((status, &body[..]), (503, &b"no paper"[..]));
    check(&monitoring, &["GET /boxes 503 server_error 1"]);
}

#[tokio::test]
async fn an_error_that_a_layer_outside_answers() {
    let monitoring = monitoring();
    let service = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(|_: BoxError| async {
            StatusCode::BAD_REQUEST
        }))
        .layer(monitoring.layer())
        .service(service_fn(fails_boxed));
    let app = Router::new().route_service("/boxes", service);
    assert_eq!(send(app, request("GET /boxes")).await.0, 400);
    // The layer stands inside of what makes an answer of it: it sees the error alone.
    check(&monitoring, &["GET /boxes 500 server_error 1"]);
}

/// An app whose answer has this body.
fn app<const N: usize>(monitoring: &Monitoring, steps: [Step; N]) -> Router {
    let handler = move || async { Script::new(steps).body() };
    Router::new()
        .route("/boxes", get(handler))
        .layer(monitoring.layer())
}

#[tokio::test]
async fn a_body_that_fails_half_way() {
    let monitoring = monitoring();
    let app = app(&monitoring, [Step::Data(4), Step::Fail, Step::Data(6)]);
    let mut body = head(app, request("GET /boxes")).await.into_body();
    body.frame().await.expect("a frame").expect("data");
    assert_eq!(in_flight(&monitoring), ["/boxes 1"]);
    let failure = body.frame().await.expect("a frame").expect_err("a failure");
    assert_eq!(failure.to_string(), FAILED);
    let expected = ["GET /boxes 200 server_error 1"];
    check(&monitoring, &expected);
    // Whoever goes on reading, or leaves, changes nothing.
    body.frame().await.expect("a frame").expect("data");
    assert!(body.frame().await.is_none());
    drop(body);
    check(&monitoring, &expected);
    assert_eq!(sent(&monitoring), (1, 4.0));
}

#[tokio::test]
async fn a_body_that_fails_at_once() {
    let monitoring = monitoring();
    let answer = head(app(&monitoring, [Step::Fail]), request("GET /boxes")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(requests(&monitoring), [""; 0]);
    answer.into_body().collect().await.expect_err("a failure");
    check(&monitoring, &["GET /boxes 200 server_error 1"]);
}

#[tokio::test]
async fn a_request_body_that_fails() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes", axum::routing::post(|text: String| async { text }))
        .layer(monitoring.layer());
    let body = Script::new([Step::Data(4), Step::Fail]).body();
    let (status, _) = send(app, with_body("POST /boxes", body)).await;
    assert_eq!(status, 400);
    check(&monitoring, &["POST /boxes 400 client_error 1"]);
    assert_eq!(received(&monitoring), (1, 4.0));
}
