//! A gRPC call, which HTTP answers with 200 whatever becomes of it, has the outcome of its `grpc-status`.

use axum::Router;
use axum::response::IntoResponse as _;
use axum::routing::post;
use ecolaura_monitoring::Monitoring;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::Code;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};

use support::battery::{check, in_flight, monitoring, requests, sent};
use support::exchange::{head, request};
use support::press::{ENDPOINT, Press, call_pages, call_print, call_unary};
use support::script::{Script, Step};
use support::served::{Server, settled};

/// Every status of gRPC and the outcome it has, as OpenTelemetry tells a server's errors from its clients'.
const OUTCOMES: [(i32, &str); 17] = [
    (0, "success"),
    (1, "client_error"),
    (2, "server_error"),
    (3, "client_error"),
    (4, "timeout"),
    (5, "client_error"),
    (6, "client_error"),
    (7, "client_error"),
    (8, "client_error"),
    (9, "client_error"),
    (10, "client_error"),
    (11, "client_error"),
    (12, "server_error"),
    (13, "server_error"),
    (14, "server_error"),
    (15, "server_error"),
    (16, "client_error"),
];

fn app(monitoring: &Monitoring) -> Router {
    Routes::new(Press)
        .into_axum_router()
        .layer(monitoring.layer())
}

fn row(outcome: &str) -> String {
    format!("POST {ENDPOINT} 200 {outcome} 1")
}

/// Without a message there is no trailer either: the status is in the head.
#[tokio::test]
async fn a_call_that_fails_at_once() {
    for (code, outcome) in OUTCOMES.into_iter().skip(1) {
        let monitoring = monitoring();
        let answer = call_print(app(&monitoring), &code.to_string()).await;
        assert_eq!(answer, Err(Code::from_i32(code)));
        check(&monitoring, &[&row(outcome)]);
        assert_eq!(sent(&monitoring), (1, 0.0));
    }
}

#[tokio::test]
async fn a_call_that_ends_with_trailers() {
    for (code, outcome) in OUTCOMES.into_iter().skip(1) {
        let monitoring = monitoring();
        let mut pages = call_pages(app(&monitoring), &code.to_string()).await;
        for page in ["one", "two"] {
            assert_eq!(
                pages.message().await.expect("a page").as_deref(),
                Some(page)
            );
            assert_eq!(requests(&monitoring), [""; 0]);
            assert_eq!(in_flight(&monitoring), [format!("{ENDPOINT} 1")]);
        }
        let end = pages.message().await.expect_err("a status");
        assert_eq!(end.code(), Code::from_i32(code));
        check(&monitoring, &[&row(outcome)]);
        // Each message has a head of five bytes.
        assert_eq!(sent(&monitoring), (1, 16.0));
    }
}

#[tokio::test]
async fn a_call_that_ends_well() {
    let monitoring = monitoring();
    let answer = call_print(app(&monitoring), "text").await;
    assert_eq!(answer.as_deref(), Ok("text"));
    check(&monitoring, &[&row("success")]);
    assert_eq!(sent(&monitoring), (1, 9.0));
}

#[tokio::test]
async fn a_call_whose_client_leaves() {
    let monitoring = monitoring();
    let mut pages = call_pages(app(&monitoring), "wait").await;
    pages.message().await.expect("a page");
    drop(pages);
    check(&monitoring, &[&row("aborted")]);
}

#[tokio::test]
async fn a_call_of_what_is_not_there() {
    let monitoring = monitoring();
    for path in ["/shop.Press/Burn", "/shop.Furnace/Burn"] {
        let answer = call_unary(app(&monitoring), path, "text").await;
        assert_eq!(answer, Err(Code::Unimplemented));
    }
    check(
        &monitoring,
        &[&row("server_error"), "POST unmatched 200 server_error 1"],
    );
}

// --- answers that tonic does not give ---------------------------------------------------------------------------------------

async fn check_answer(
    status: StatusCode,
    content_type: &'static str,
    in_head: Option<&'static str>,
    in_trailers: Option<&'static str>,
    expected: &str,
) {
    let monitoring = monitoring();
    let handler = move || async move {
        let trailers = in_trailers.map(|code| Step::Trailers(grpc_status(code)));
        let body = match trailers {
            Some(trailers) => Script::new([Step::Data(4), trailers]),
            None => Script::new([Step::Data(4)]),
        };
        let head = in_head.map(grpc_status).unwrap_or_default();
        (status, head, [(CONTENT_TYPE, content_type)], body.body()).into_response()
    };
    let app = Router::new()
        .route("/call", post(handler))
        .layer(monitoring.layer());
    let answer = head(app, request("POST /call")).await;
    answer.into_body().collect().await.expect("a body");
    check(&monitoring, &[expected]);
}

fn grpc_status(code: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("grpc-status", code.parse().expect("a value"));
    headers
}

#[tokio::test]
async fn an_answer_without_a_status_is_an_error() {
    let (ok, grpc) = (StatusCode::OK, "application/grpc");
    check_answer(ok, grpc, None, None, "POST /call 200 server_error 1").await;
    check_answer(
        ok,
        grpc,
        None,
        Some("many"),
        "POST /call 200 server_error 1",
    )
    .await;
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    check_answer(
        unavailable,
        grpc,
        None,
        None,
        "POST /call 503 server_error 1",
    )
    .await;
}

#[tokio::test]
async fn the_trailers_win_over_the_head() {
    let (ok, grpc) = (StatusCode::OK, "application/grpc+proto");
    let expected = "POST /call 200 client_error 1";
    check_answer(ok, grpc, Some("0"), Some("5"), expected).await;
    check_answer(ok, grpc, Some("5"), None, expected).await;
}

#[tokio::test]
async fn a_content_type_in_any_case_and_with_parameters() {
    let expected = "POST /call 200 client_error 1";
    for content_type in ["application/grpc;charset=utf-8", "Application/gRPC+json"] {
        check_answer(StatusCode::OK, content_type, None, Some("5"), expected).await;
    }
}

/// gRPC-Web has its status in the body, which is nobody's business here: the outcome is that of HTTP's status.
#[tokio::test]
async fn grpc_web_is_plain_http() {
    let expected = "POST /call 200 success 1";
    for content_type in ["application/grpc-web+proto", "application/grpc-web-text"] {
        check_answer(StatusCode::OK, content_type, None, None, expected).await;
    }
}

/// Other content with such trailers is no call.
#[tokio::test]
async fn a_status_without_the_content_type_says_nothing() {
    let expected = "POST /call 200 success 1";
    check_answer(StatusCode::OK, "text/plain", Some("5"), Some("5"), expected).await;
}

// --- through a socket -------------------------------------------------------------------------------------------------------

/// Calls that end well, badly at once, badly at the end, and not at all.
async fn call_all(channel: &Channel) {
    let well = call_print(channel.clone(), "text").await;
    assert_eq!(well.as_deref(), Ok("text"));
    let badly = call_print(channel.clone(), "5").await;
    assert_eq!(badly, Err(Code::NotFound));
    let mut pages = call_pages(channel.clone(), "13").await;
    while let Ok(page) = pages.message().await {
        assert!(page.is_some(), "it does not end well");
    }
    let mut pages = call_pages(channel.clone(), "wait").await;
    pages.message().await.expect("a page");
}

#[tokio::test]
async fn through_a_server_of_axum_routes() {
    let monitoring = monitoring();
    let server = Server::ours(&monitoring, app(&monitoring)).await;
    let url = format!("http://{}", server.address());
    let channel = Endpoint::from_shared(url).expect("a URL").connect().await;
    call_all(&channel.expect("a connection")).await;
    let expected = ["success", "client_error", "server_error", "aborted"].map(row);
    server
        .end(&monitoring, &expected.each_ref().map(String::as_str))
        .await;
}

/// The layer stands outside of tonic's routes there: the method is named by its `#[monitor]`, or is not.
#[tokio::test]
async fn through_a_server_of_tonic() {
    let monitoring = monitoring();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tonic::transport::Server::builder()
        .layer(monitoring.layer())
        .add_service(Press)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), async {
            let _ = stopped.await;
        });
    let serving = tokio::spawn(serving);
    let channel = Endpoint::from_shared(url).expect("a URL").connect().await;
    call_all(&channel.expect("a connection")).await;
    let expected = [
        "POST /shop.Press/Print 200 success 1",
        "POST /shop.Press/Print 200 client_error 1",
        "POST unmatched 200 server_error 1",
        "POST unmatched 200 aborted 1",
    ];
    settled(&monitoring, &expected).await;
    drop(stop);
    serving.await.expect("no panic").expect("it ends well");
    check(&monitoring, &expected);
}
