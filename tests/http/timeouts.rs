//! A time limit inside the layer counts as `timeout`; one outside of it is to the layer a client that went away.

use std::error::Error;
use std::fmt;
use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::error_handling::HandleErrorLayer;
use axum::routing::get;
use axum::{BoxError, Router};
use ecolaura_monitoring::{Monitoring, monitor};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt as _;
use tower::Layer as _;
use tower::timeout::{TimeoutLayer as TowerTimeoutLayer, error::Elapsed};
use tower::{ServiceBuilder, service_fn};
use tower_http::timeout::{ResponseBodyTimeoutLayer, TimeoutLayer};

use support::battery::{check, monitoring};
use support::exchange::{error, head, request, send};
use support::script::{Script, Step};

/// It is over as soon as it has begun.
const NO_TIME: Duration = Duration::ZERO;

#[monitor("/monitored")]
async fn monitored() -> &'static str {
    pending().await
}

/// An app whose handlers never answer: one is plain, the other carries `#[monitor]`.
fn app() -> Router {
    Router::new()
        .route("/plain", get(pending::<&'static str>))
        .route("/monitored", get(monitored))
}

async fn ask_both(app: Router, expected: u16) {
    for path in ["/plain", "/monitored"] {
        let (status, _) = send(app.clone(), request(&format!("GET {path}"))).await;
        assert_eq!(status, expected);
    }
}

/// Expects the one call of the monitored handler to be counted as given up.
#[track_caller]
fn check_call(monitoring: &Monitoring) {
    let (recorded, name) = (monitoring.recorded(), "request_count_total");
    assert_eq!(recorded.value(name, &[("http_status", "499")]), Some(1.0));
    assert_eq!(recorded.value(name, &[]), Some(1.0));
}

#[tokio::test]
async fn that_answers_408_inside() {
    let monitoring = monitoring();
    let limit = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, NO_TIME);
    ask_both(app().layer(limit).layer(monitoring.layer()), 408).await;
    check(
        &monitoring,
        &["GET /plain 408 timeout 1", "GET /monitored 408 timeout 1"],
    );
    check_call(&monitoring);
}

#[tokio::test]
async fn that_answers_504_inside() {
    let monitoring = monitoring();
    let limit = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, NO_TIME);
    ask_both(app().layer(limit).layer(monitoring.layer()), 504).await;
    check(
        &monitoring,
        &["GET /plain 504 timeout 1", "GET /monitored 504 timeout 1"],
    );
    check_call(&monitoring);
}

#[tokio::test]
async fn outside() {
    let monitoring = monitoring();
    let limit = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, NO_TIME);
    ask_both(app().layer(monitoring.layer()).layer(limit), 504).await;
    check(
        &monitoring,
        &[
            "GET /plain 499 cancelled 1",
            "GET /monitored 499 cancelled 1",
        ],
    );
    check_call(&monitoring);
}

#[tokio::test]
async fn of_tower_whose_error_the_app_answers() {
    let monitoring = monitoring();
    let answers = HandleErrorLayer::new(|_: BoxError| async { StatusCode::REQUEST_TIMEOUT });
    let limit = ServiceBuilder::new()
        .layer(monitoring.layer())
        .layer(answers)
        .layer(TowerTimeoutLayer::new(NO_TIME));
    ask_both(app().layer(limit), 408).await;
    check(
        &monitoring,
        &["GET /plain 408 timeout 1", "GET /monitored 408 timeout 1"],
    );
}

#[tokio::test]
async fn of_tower_whose_error_nobody_answers() {
    let monitoring = monitoring();
    let service = ServiceBuilder::new()
        .layer(monitoring.layer())
        .layer(TowerTimeoutLayer::new(NO_TIME))
        .service(service_fn(|_: Request<Body>| {
            pending::<Result<Response<Body>, BoxError>>()
        }));
    let text = error(service, request("GET /boxes")).await;
    assert_eq!(text, Elapsed::new().to_string());
    check(&monitoring, &["GET unmatched 504 timeout 1"]);
}

/// An error that another one caused.
#[derive(Debug)]
struct Because(Box<dyn Error + Send + Sync>);

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no stock, since {}", self.0)
    }
}

impl Error for Because {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

async fn check_error<E>(make: fn() -> E, expected: &str)
where
    E: fmt::Display + 'static,
{
    let monitoring = monitoring();
    let fails = |_: Request<Body>| async move { Err::<Response<Body>, E>(make()) };
    let service = monitoring.layer().layer(service_fn(fails));
    assert_eq!(
        error(service, request("GET /boxes")).await,
        make().to_string()
    );
    check(&monitoring, &[expected]);
}

#[tokio::test]
async fn that_an_error_stands_for() {
    let timed_out = || io::Error::from(io::ErrorKind::TimedOut);
    let expected = "GET unmatched 504 timeout 1";
    check_error(Elapsed::new, expected).await;
    check_error(timed_out, expected).await;
    check_error(|| BoxError::from(Elapsed::new()), expected).await;
    check_error(|| BoxError::from(Because(Elapsed::new().into())), expected).await;
    check_error(
        || BoxError::from(Because(io::Error::from(io::ErrorKind::TimedOut).into())),
        expected,
    )
    .await;
}

#[tokio::test]
async fn that_an_error_does_not_stand_for() {
    let expected = "GET unmatched 500 server_error 1";
    let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
    check_error(refused, expected).await;
    check_error(|| BoxError::from("timed out"), expected).await;
    check_error(|| BoxError::from(Because("timed out".into())), expected).await;
}

// --- of a body ------------------------------------------------------------------------------------------------------------------

/// A body that fails at once.
struct Fails(Option<BoxError>);

impl http_body::Body for Fails {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}

/// Expects these counts of a request whose body fails so.
async fn check_body(error: impl Into<BoxError>, expected: &str) {
    let monitoring = monitoring();
    let error = Arc::new(Mutex::new(Some(error.into())));
    let answer = move || async move {
        let error = error.lock().expect("no panic").take();
        Body::new(Fails(error))
    };
    let app = Router::new()
        .route("/boxes", get(answer))
        .layer(monitoring.layer());
    let answer = head(app, request("GET /boxes")).await;
    let failure = answer.into_body().collect().await;
    assert!(failure.is_err(), "the body does not fail");
    check(&monitoring, &[expected]);
}

#[tokio::test]
async fn of_tower_http_for_the_body() {
    let monitoring = monitoring();
    let body = || async { Script::new([Step::Data(4), Step::Wait]).body() };
    let app = Router::new()
        .route("/boxes", get(body))
        .layer(ResponseBodyTimeoutLayer::new(Duration::from_millis(1)))
        .layer(monitoring.layer());
    let answer = head(app, request("GET /boxes")).await;
    let failure = answer.into_body().collect().await;
    assert!(failure.is_err(), "the body does not fail");
    check(&monitoring, &["GET /boxes 200 timeout 1"]);
}

#[tokio::test]
async fn that_an_error_of_the_body_stands_for() {
    let (timeout, failure) = ("GET /boxes 200 timeout 1", "GET /boxes 200 server_error 1");
    let timed_out = || io::Error::from(io::ErrorKind::TimedOut);
    check_body(timed_out(), timeout).await;
    check_body(Elapsed::new(), timeout).await;
    check_body(elapsed().await, timeout).await;
    check_body(Because(elapsed().await.into()), timeout).await;
    check_body(io::Error::other(elapsed().await), timeout).await;
    check_body(io::Error::other(Because(timed_out().into())), timeout).await;
    check_body(
        "data was not received within the designated timeout",
        failure,
    )
    .await;
    check_body(io::Error::other("deadline has elapsed"), failure).await;
    check_body(io::Error::from(io::ErrorKind::BrokenPipe), failure).await;
}

/// What a time limit of tokio gives.
async fn elapsed() -> tokio::time::error::Elapsed {
    let limited = tokio::time::timeout(NO_TIME, pending::<()>());
    limited.await.expect_err("no time")
}
