//! A client that goes away is counted once: as `cancelled` with 499 before the head, as `aborted` during the body.

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::task::{Context, Waker};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use ecolaura_monitoring::{Monitoring, monitor};
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use tower::Layer as _;
use tower::{Service as _, ServiceExt as _, service_fn};

use support::battery::{check, in_flight, monitoring, requests, sent};
use support::exchange::{drop_half_way, head, request};
use support::script::{Script, Step};

#[monitor("/monitored")]
async fn never() -> &'static str {
    pending().await
}

#[monitor("/monitored")]
async fn half() -> Body {
    Script::new([Step::Data(4), Step::Wait]).body()
}

/// Expects the one call of a monitored handler to be counted with this status.
#[track_caller]
fn check_call(monitoring: &Monitoring, status: &str) {
    let (recorded, name) = (monitoring.recorded(), "request_count_total");
    assert_eq!(recorded.value(name, &[("http_status", status)]), Some(1.0));
    assert_eq!(recorded.value(name, &[]), Some(1.0));
}

#[tokio::test]
async fn before_the_head() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/plain", get(pending::<&'static str>))
        .route("/monitored", get(never))
        .layer(monitoring.layer());
    for path in ["/plain", "/monitored", "/plain"] {
        drop_half_way(app.clone().oneshot(request(&format!("GET {path}"))));
    }
    check(
        &monitoring,
        &[
            "GET /plain 499 cancelled 2",
            "GET /monitored 499 cancelled 1",
        ],
    );
    check_call(&monitoring, "499");
    assert_eq!(sent(&monitoring), (3, 0.0));
}

#[tokio::test]
async fn before_anything_ran() {
    let monitoring = monitoring();
    let never = service_fn(|_: Request| pending::<Result<Response, Infallible>>());
    drop(monitoring.layer().layer(never).call(request("GET /boxes")));
    check(&monitoring, &["GET unmatched 499 cancelled 1"]);
}

#[tokio::test]
async fn around_the_router() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/plain", get(pending::<&'static str>))
        .route("/monitored", get(never));
    let app = monitoring.around(app);
    drop_half_way(app.clone().oneshot(request("GET /plain")));
    drop_half_way(app.oneshot(request("GET /monitored")));
    check(
        &monitoring,
        &[
            "GET unmatched 499 cancelled 1",
            "GET /monitored 499 cancelled 1",
        ],
    );
}

/// The handler has ended, what comes after it has not: the client gets no answer, so its call is 499 too.
#[tokio::test]
async fn between_the_handler_and_the_head() {
    #[monitor("/monitored")]
    async fn quick() -> &'static str {
        "four"
    }
    async fn after(request: Request, next: Next) -> Response {
        next.run(request).await;
        pending().await
    }
    let monitoring = monitoring();
    let app = Router::new()
        .route("/monitored", get(quick))
        .layer(from_fn(after))
        .layer(monitoring.layer());
    drop_half_way(app.oneshot(request("GET /monitored")));
    check(&monitoring, &["GET /monitored 499 cancelled 1"]);
    check_call(&monitoring, "499");
}

fn app(monitoring: &Monitoring) -> Router {
    Router::new()
        .route("/monitored", get(half))
        .layer(monitoring.layer())
}

#[tokio::test]
async fn during_the_body() {
    let monitoring = monitoring();
    let mut body = head(app(&monitoring), request("GET /monitored"))
        .await
        .into_body();
    body.frame().await.expect("a frame").expect("data");
    drop_half_way(body.frame());
    assert_eq!(requests(&monitoring), [""; 0]);
    assert_eq!(in_flight(&monitoring), ["/monitored 1"]);
    drop(body);
    check(&monitoring, &["GET /monitored 200 aborted 1"]);
    check_call(&monitoring, "200");
    assert_eq!(sent(&monitoring), (1, 4.0));
}

#[tokio::test]
async fn between_the_head_and_the_body() {
    let monitoring = monitoring();
    drop(head(app(&monitoring), request("GET /monitored")).await);
    check(&monitoring, &["GET /monitored 200 aborted 1"]);
    assert_eq!(sent(&monitoring), (1, 0.0));
}

#[tokio::test]
async fn one_byte_before_the_announced_end() {
    let monitoring = monitoring();
    let body = || async {
        Script::new([Step::Data(9), Step::Data(1)])
            .announcing(10)
            .body()
    };
    let app = Router::new()
        .route("/boxes", get(body))
        .layer(monitoring.layer());
    let mut body = head(app, request("GET /boxes")).await.into_body();
    body.frame().await.expect("a frame").expect("data");
    drop(body);
    check(&monitoring, &["GET /boxes 200 aborted 1"]);
    assert_eq!(sent(&monitoring), (1, 9.0));
}

/// The status is the head's, also when that is an error: what became of the request is that its client left.
#[tokio::test]
async fn during_the_body_of_an_error() {
    let monitoring = monitoring();
    let answer = || async {
        let body = Script::new([Step::Data(4), Step::Wait]).body();
        (
            http::StatusCode::BAD_GATEWAY,
            [(CONTENT_TYPE, "text/plain")],
            body,
        )
    };
    let app = Router::new()
        .route("/boxes", get(answer))
        .layer(monitoring.layer());
    drop(head(app, request("GET /boxes")).await);
    check(&monitoring, &["GET /boxes 502 aborted 1"]);
}

/// Each is in flight at its endpoint from its call until it ends, whichever way.
#[tokio::test]
async fn nothing_stays_in_flight() {
    let monitoring = monitoring();
    let app = Router::<()>::new()
        .route("/plain", get(pending::<&'static str>))
        .route("/monitored", get(never))
        .layer(monitoring.layer());
    let call = |path: &str| Box::pin(app.clone().oneshot(request(&format!("GET {path}"))));
    let mut under_way: Vec<_> = ["/plain", "/monitored", "/plain"].map(call).into();
    let mut context = Context::from_waker(Waker::noop());
    for future in &mut under_way {
        assert!(Pin::new(future).poll(&mut context).is_pending());
    }
    assert_eq!(in_flight(&monitoring), ["/plain 2", "/monitored 1"]);
    under_way.truncate(1);
    assert_eq!(in_flight(&monitoring), ["/plain 1"]);
    drop(under_way);
    check(
        &monitoring,
        &[
            "GET /plain 499 cancelled 2",
            "GET /monitored 499 cancelled 1",
        ],
    );
}
