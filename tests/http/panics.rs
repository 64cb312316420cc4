//! A panic is counted once, as `panic`, and goes on as it would without the layer.

use std::convert::Infallible;
use std::future::Ready;
use std::panic::catch_unwind;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use ecolaura_monitoring::{Monitoring, monitor};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tower::Layer as _;
use tower::{ServiceExt as _, service_fn};
use tower_http::catch_panic::CatchPanicLayer;

use support::battery::{check, monitoring, sent};
use support::exchange::{head, panics, request, send};
use support::script::{PANICKED, Script, Step};

const BROKEN: &str = "the press broke";

async fn plain() -> &'static str {
    std::panic::panic_any(BROKEN)
}

#[monitor("/monitored")]
async fn monitored() -> &'static str {
    std::panic::panic_any(BROKEN)
}

/// An app whose handlers panic: one is plain, the other carries `#[monitor]`.
fn app() -> Router {
    Router::new()
        .route("/plain", get(plain))
        .route("/monitored", get(monitored))
        .route("/healthy", get(|| async { "four" }))
}

/// Expects the calls of the monitored handler to be one, which panicked.
#[track_caller]
fn check_call(monitoring: &Monitoring) {
    let (recorded, name) = (monitoring.recorded(), "request_count_total");
    let labels = [
        ("method", "GET"),
        ("endpoint", "/monitored"),
        ("http_status", "500"),
    ];
    assert_eq!(recorded.value(name, &labels), Some(1.0));
    assert_eq!(recorded.value(name, &[]), Some(1.0));
}

#[tokio::test]
async fn that_nothing_catches() {
    let monitoring = monitoring();
    let app = app().layer(monitoring.layer());
    panics(BROKEN, app.clone().oneshot(request("GET /plain")));
    panics(BROKEN, app.clone().oneshot(request("GET /monitored")));
    send(app, request("GET /healthy")).await;
    check(
        &monitoring,
        &[
            "GET /plain 500 panic 1",
            "GET /monitored 500 panic 1",
            "GET /healthy 200 success 1",
        ],
    );
    check_call(&monitoring);
}

#[tokio::test]
async fn that_is_caught_outside_of_the_layer() {
    let monitoring = monitoring();
    let app = app().layer(monitoring.layer());
    let app = app.layer(CatchPanicLayer::new());
    for path in ["/plain", "/monitored"] {
        let (status, _) = send(app.clone(), request(&format!("GET {path}"))).await;
        assert_eq!(status, 500);
    }
    check(
        &monitoring,
        &["GET /plain 500 panic 1", "GET /monitored 500 panic 1"],
    );
    check_call(&monitoring);
}

/// The layer sees only the answer; that it was a panic, it knows from the monitored handler alone.
#[tokio::test]
async fn that_is_caught_inside_of_the_layer() {
    let monitoring = monitoring();
    let app = app().layer(CatchPanicLayer::new());
    let app = app.layer(monitoring.layer());
    for path in ["/plain", "/monitored", "/healthy"] {
        send(app.clone(), request(&format!("GET {path}"))).await;
    }
    check(
        &monitoring,
        &[
            "GET /plain 500 server_error 1",
            "GET /monitored 500 panic 1",
            "GET /healthy 200 success 1",
        ],
    );
    check_call(&monitoring);
}

#[tokio::test]
async fn around_the_router() {
    let monitoring = monitoring();
    let bare = monitoring.around(app());
    panics(BROKEN, bare.clone().oneshot(request("GET /monitored")));
    panics(BROKEN, bare.oneshot(request("GET /plain")));
    let catching = monitoring.around(app().layer(CatchPanicLayer::new()));
    send(catching.clone(), request("GET /monitored")).await;
    send(catching, request("GET /plain")).await;
    check(
        &monitoring,
        &[
            "GET /monitored 500 panic 2",
            "GET unmatched 500 panic 1",
            "GET unmatched 500 server_error 1",
        ],
    );
}

#[tokio::test]
async fn in_the_call_before_there_is_a_future() {
    type Answer = Ready<Result<Response<Body>, Infallible>>;
    let monitoring = monitoring();
    let call = |_: Request<Body>| -> Answer { std::panic::panic_any(BROKEN) };
    let service = monitoring.layer().layer(service_fn(call));
    panics(BROKEN, service.oneshot(request("GET /boxes")));
    check(&monitoring, &["GET unmatched 500 panic 1"]);
}

#[tokio::test]
async fn in_the_body() {
    let monitoring = monitoring();
    let body = || async { Script::new([Step::Data(4), Step::Panic]).body() };
    let app = Router::new()
        .route("/boxes", get(body))
        .layer(monitoring.layer());
    let mut body = head(app, request("GET /boxes")).await.into_body();
    body.frame().await.expect("a frame").expect("data");
    panics(PANICKED, body.frame());
    let expected = ["GET /boxes 200 panic 1"];
    check(&monitoring, &expected);
    // Whoever goes on reading, or leaves, changes nothing.
    assert!(body.frame().await.is_none());
    check(&monitoring, &expected);
    drop(body);
    check(&monitoring, &expected);
    assert_eq!(sent(&monitoring), (1, 4.0));
}

/// What a handler knows how to live with is no panic of the request.
#[tokio::test]
async fn that_the_handler_catches() {
    #[monitor("press")]
    fn press() {
        std::panic::panic_any(BROKEN)
    }
    let monitoring = monitoring();
    let by_hand = |Path(answer): Path<u16>| async move {
        assert!(catch_unwind(press).is_err());
        StatusCode::from_u16(answer).expect("a status")
    };
    let app = Router::new()
        .route("/boxes/{answer}", get(by_hand))
        .layer(monitoring.layer());
    for answer in [200, 409] {
        send(app.clone(), request(&format!("GET /boxes/{answer}"))).await;
    }
    check(
        &monitoring,
        &[
            "GET /boxes/{answer} 200 success 1",
            "GET /boxes/{answer} 409 client_error 1",
        ],
    );
}

#[tokio::test]
async fn that_a_grpc_server_answers() {
    #[monitor("/monitored")]
    async fn call() -> StatusCode {
        std::panic::panic_any(BROKEN)
    }
    let monitoring = monitoring();
    let answer = |_| {
        let mut head = HeaderMap::new();
        head.insert("grpc-status", 13.into());
        head.insert("content-type", "application/grpc".parse().expect("a value"));
        let mut answer = Response::new(Body::empty());
        *answer.headers_mut() = head;
        answer
    };
    let app = Router::new()
        .route("/monitored", get(call))
        .layer(CatchPanicLayer::custom(answer))
        .layer(monitoring.layer());
    send(app, request("GET /monitored")).await;
    check(&monitoring, &["GET /monitored 200 panic 1"]);
}

// --- what else the task of a panic does ---------------------------------------------------------------------------------------

async fn waits() -> &'static str {
    std::future::pending().await
}

#[monitor("/monitored/waits")]
async fn monitored_waits() -> &'static str {
    waits().await
}

fn app_that_waits() -> Router {
    app()
        .route("/waits", get(waits))
        .route("/monitored/waits", get(monitored_waits))
        .route(
            "/answers",
            get(|| async { Script::new([Step::Data(4), Step::Wait]).body() }),
        )
}

/// One task drives two requests; one panics while the other waits for its head or its body.
#[tokio::test]
async fn a_request_that_waits_while_another_one_panics() {
    for (waits, expected) in [
        ("/waits", "GET /waits 499 cancelled 1"),
        ("/monitored/waits", "GET /monitored/waits 499 cancelled 1"),
        ("/answers", "GET /answers 200 aborted 1"),
    ] {
        for panicking in ["/plain", "/monitored"] {
            let monitoring = monitoring();
            let app = app_that_waits().layer(monitoring.layer());
            let (one, other) = (app.clone(), app);
            let waiting = async move {
                let answer = head(one, request(&format!("GET {waits}"))).await;
                answer.into_body().collect().await
            };
            let panicking = format!("GET {panicking}");
            let panics_meanwhile = other.oneshot(request(&panicking));
            panics(BROKEN, async {
                let _ = tokio::join!(waiting, panics_meanwhile);
            });
            check(
                &monitoring,
                &[expected, &format!("{panicking} 500 panic 1")],
            );
            let calls = monitoring.recorded();
            let cancelled = calls.value("request_count_total", &[("http_status", "499")]);
            let is_monitored = waits.starts_with("/monitored");
            assert_eq!(cancelled, is_monitored.then_some(1.0), "{waits}");
        }
    }
}

/// What is outside of the layer panics when the answer is there: that is no panic of the handler.
#[tokio::test]
async fn a_layer_outside_that_panics() {
    let monitoring = monitoring();
    let app = app_that_waits().layer(monitoring.layer());
    panics(BROKEN, async {
        let _answer = head(app, request("GET /answers")).await;
        std::panic::panic_any(BROKEN)
    });
    check(&monitoring, &["GET /answers 200 aborted 1"]);
}
