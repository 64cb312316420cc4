//! Sizes are the bytes that really went through the layer: read of the request's body, given of the response's.

use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::routing::post;
use ecolaura_monitoring::Monitoring;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use tower::Layer as _;
use tower::{ServiceExt as _, service_fn};
use tower_http::compression::CompressionLayer;

use support::battery::{check, monitoring, received, sent};
use support::exchange::{head, send, with_body};
use support::script::{Script, Step};

// --- of the request ---------------------------------------------------------------------------------------------------------

async fn reads_all(body: Bytes) -> String {
    format!("{} bytes", body.len())
}

async fn reads_one_frame(mut body: Body) -> &'static str {
    body.frame().await.expect("a frame").expect("data");
    "enough"
}

async fn reads_nothing(_: Body) -> &'static str {
    "no need"
}

async fn check_received<H, T>(handler: H, body: Body, expected: f64)
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes", post(handler))
        .layer(monitoring.layer());
    send(app, with_body("POST /boxes", body)).await;
    check(&monitoring, &["POST /boxes 200 success 1"]);
    assert_eq!(received(&monitoring), (1, expected));
}

fn chunked() -> Body {
    Script::new([Step::Data(100), Step::Data(20), Step::Data(3)]).body()
}

#[tokio::test]
async fn of_a_request_without_a_body() {
    check_received(reads_all, Body::empty(), 0.0).await;
}

#[tokio::test]
async fn of_a_request_with_a_length() {
    check_received(reads_all, Body::from("four"), 4.0).await;
}

#[tokio::test]
async fn of_a_request_in_chunks() {
    check_received(reads_all, chunked(), 123.0).await;
}

#[tokio::test]
async fn of_a_request_that_is_not_read() {
    check_received(reads_nothing, Body::from("four"), 0.0).await;
    check_received(reads_nothing, chunked(), 0.0).await;
}

#[tokio::test]
async fn of_a_request_that_is_read_half() {
    check_received(reads_one_frame, chunked(), 100.0).await;
}

#[tokio::test]
async fn of_a_request_with_trailers() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", 7.into());
    let body = Script::new([Step::Data(100), Step::Trailers(trailers)]).body();
    check_received(reads_all, body, 100.0).await;
}

/// The handler gets the body that was sent: its bytes, its length, its trailers.
#[tokio::test]
async fn the_request_body_stays_as_it_was() {
    let monitoring = monitoring();
    let handler = |body: Body| async move {
        let length = body.size_hint().exact();
        let whole = body.collect().await.expect("a whole body");
        let checksum = whole
            .trailers()
            .map(|trailers| trailers["x-checksum"].clone());
        format!("{length:?} {checksum:?} {}", whole.to_bytes().len())
    };
    let app = Router::new()
        .route("/boxes", post(handler))
        .layer(monitoring.layer());
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", 7.into());
    let body = Script::new([Step::Data(100), Step::Trailers(trailers)]);
    let body = body.announcing(100).body();
    let (_, text) = send(app.clone(), with_body("POST /boxes", body)).await;
    assert_eq!(text, r#"Some(100) Some("7") 100"#);
    let (_, text) = send(app, with_body("POST /boxes", Body::empty())).await;
    assert_eq!(text, "Some(0) None 0");
    check(&monitoring, &["POST /boxes 200 success 2"]);
}

/// Of a body of another type than axum's the layer knows that it is empty, or nothing: what is announced need not come.
#[tokio::test]
async fn of_a_request_of_another_type() {
    let monitoring = monitoring();
    let service = service_fn(|_: Request<Script>| async {
        Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
    });
    let service = monitoring.layer().layer(service);
    for body in [
        Script::new([Step::Data(4)]).announcing(4),
        Script::new([Step::Data(4)]).announcing(u64::MAX),
        Script::new([Step::Data(4)]),
        Script::new([]).saying_its_end(),
    ] {
        let answer = service.clone().oneshot(Request::new(body)).await;
        assert_eq!(answer.expect("an answer").status(), 200);
    }
    check(&monitoring, &["GET unmatched 200 success 4"]);
    assert_eq!(received(&monitoring), (1, 0.0));
}

// --- of the response --------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn of_a_response_in_chunks() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes", post(|| async { chunked() }))
        .layer(monitoring.layer());
    let (_, body) = send(app, with_body("POST /boxes", Body::empty())).await;
    assert_eq!(body.len(), 123);
    check(&monitoring, &["POST /boxes 200 success 1"]);
    assert_eq!(sent(&monitoring), (1, 123.0));
}

#[tokio::test]
async fn of_a_response_with_trailers() {
    let monitoring = monitoring();
    let handler = || async {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", 7.into());
        Script::new([Step::Data(100), Step::Trailers(trailers)]).body()
    };
    let app = Router::new()
        .route("/boxes", post(handler))
        .layer(monitoring.layer());
    let answer = head(app, with_body("POST /boxes", Body::empty())).await;
    let whole = answer.into_body().collect().await.expect("a whole body");
    assert_eq!(whole.trailers().expect("trailers")["x-checksum"], "7");
    check(&monitoring, &["POST /boxes 200 success 1"]);
    assert_eq!(sent(&monitoring), (1, 100.0));
}

/// Nothing but `x`, which compresses well.
const LENGTH: usize = 10_000;

fn plain() -> Router {
    let long = Bytes::from(vec![b'x'; LENGTH]);
    Router::new().route("/boxes", post(|| async { long }))
}

/// The bytes of a compressed answer as the client gets it.
async fn compressed(app: Router) -> usize {
    let mut request = with_body("POST /boxes", Body::empty());
    let gzip = "gzip".parse().expect("a value");
    request.headers_mut().insert(ACCEPT_ENCODING, gzip);
    let answer = head(app, request).await;
    assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip");
    assert_eq!(answer.headers().get(CONTENT_LENGTH), None);
    let body = answer.into_body().collect().await.expect("a whole body");
    let length = body.to_bytes().len();
    assert!((1..LENGTH).contains(&length), "{length} bytes");
    length
}

async fn check_compressed(stack: fn(&Monitoring) -> Router, expected: fn(usize) -> usize) {
    let monitoring = monitoring();
    let length = compressed(stack(&monitoring)).await;
    check(&monitoring, &["POST /boxes 200 success 1"]);
    assert_eq!(sent(&monitoring), (1, expected(length) as f64));
}

#[tokio::test]
async fn of_a_response_that_is_compressed_inside() {
    let inside = |monitoring: &Monitoring| {
        plain()
            .layer(CompressionLayer::new())
            .layer(monitoring.layer())
    };
    check_compressed(inside, |length| length).await;
}

#[tokio::test]
async fn of_a_response_that_is_compressed_outside() {
    let outside = |monitoring: &Monitoring| {
        plain()
            .layer(monitoring.layer())
            .layer(CompressionLayer::new())
    };
    check_compressed(outside, |_| LENGTH).await;
}
