//! A stream is counted when its head is there, with the time to it; its life is measured apart, when it ends.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::sse::{Event, Sse};
use axum::routing::{any, get};
use ecolaura_monitoring::{Monitoring, monitor};
use http::Version;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;

use support::battery::{check, in_flight, lives, monitoring, requests, seconds, sent};
use support::exchange::{drop_half_way, head, panics, request, spend};
use support::script::{PANICKED, Script, Step};
use support::served::{Client, Server, settled};

const EVENTS: &str = "/events";
const COUNTED: [&str; 1] = ["GET /events 200 success 1"];
const IN_FLIGHT: [&str; 1] = ["/events 1"];
const NO_LIFE: (u64, f64) = (0, 0.0);

/// An app that sends the steps as server-sent events.
fn script<const N: usize>(monitoring: &Monitoring, steps: [Step; N]) -> Router {
    let events = || async {
        (
            [(CONTENT_TYPE, "text/event-stream")],
            Script::new(steps).body(),
        )
    };
    Router::new()
        .route(EVENTS, any(events))
        .layer(monitoring.layer())
}

#[tokio::test]
async fn events_are_counted_at_the_head() {
    let some_time = Duration::from_millis(5);
    let monitoring = monitoring();
    let started = Instant::now();
    let app = script(&monitoring, [Step::Data(10), Step::Data(5)]);
    let answer = head(app, request("GET /events")).await;
    let at_most = started.elapsed().as_secs_f64();
    assert_eq!(requests(&monitoring), COUNTED);
    assert_eq!(in_flight(&monitoring), IN_FLIGHT);
    assert_eq!(lives(&monitoring, EVENTS), NO_LIFE);
    spend(some_time);
    answer.into_body().collect().await.expect("all events");
    check(&monitoring, &COUNTED);
    assert_eq!(sent(&monitoring), (1, 15.0));
    assert!(seconds(&monitoring) <= at_most, "the head took longer");
    let (count, life) = lives(&monitoring, EVENTS);
    assert_eq!(count, 1);
    assert!(life >= some_time.as_secs_f64(), "{life} s");
}

#[tokio::test]
async fn a_life_begins_at_the_head() {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let monitoring = monitoring();
    let events = || async {
        spend(Duration::from_millis(5));
        let _ = BEGUN.set(Instant::now());
        let body = Script::new([Step::Wait]).body();
        ([(CONTENT_TYPE, "text/event-stream")], body)
    };
    let app = Router::new()
        .route(EVENTS, get(events))
        .layer(monitoring.layer());
    drop(head(app, request("GET /events")).await);
    let at_most = BEGUN.get().expect("it was called").elapsed();
    let (_, life) = lives(&monitoring, EVENTS);
    assert!(life <= at_most.as_secs_f64(), "{life} s");
    assert!(seconds(&monitoring) >= 0.005, "the time to the head");
}

#[tokio::test]
async fn events_end_when_the_client_leaves() {
    let monitoring = monitoring();
    let app = script(&monitoring, [Step::Data(10), Step::Wait]);
    let mut body = head(app, request("GET /events")).await.into_body();
    body.frame().await.expect("a frame").expect("data");
    drop_half_way(body.frame());
    assert_eq!(lives(&monitoring, EVENTS), NO_LIFE);
    drop(body);
    check(&monitoring, &COUNTED);
    assert_eq!(sent(&monitoring), (1, 10.0));
    assert_eq!(lives(&monitoring, EVENTS).0, 1);
}

#[tokio::test]
async fn events_that_nobody_reads() {
    let monitoring = monitoring();
    drop(
        head(
            script(&monitoring, [Step::Data(10)]),
            request("GET /events"),
        )
        .await,
    );
    check(&monitoring, &COUNTED);
    assert_eq!(lives(&monitoring, EVENTS).0, 1);
}

#[tokio::test]
async fn events_that_fail_or_panic() {
    let failing = monitoring();
    let answer = head(script(&failing, [Step::Fail]), request("GET /events")).await;
    answer.into_body().collect().await.expect_err("a failure");
    let panicking = monitoring();
    let answer = head(script(&panicking, [Step::Panic]), request("GET /events")).await;
    panics(PANICKED, answer.into_body().frame());
    for monitoring in [failing, panicking] {
        check(&monitoring, &COUNTED);
        assert_eq!(lives(&monitoring, EVENTS).0, 1);
    }
}

/// Its content type alone makes no stream of what has no body.
#[tokio::test]
async fn the_head_of_events_is_no_stream() {
    let monitoring = monitoring();
    let app = script(&monitoring, [Step::Wait]);
    drop(head(app, request("HEAD /events")).await);
    check(&monitoring, &["HEAD /events 200 success 1"]);
    assert_eq!(lives(&monitoring, EVENTS), NO_LIFE);
}

/// Media types are written in any case and with parameters.
#[tokio::test]
async fn what_is_a_stream() {
    for (content_type, is_stream) in [
        ("text/event-stream", true),
        ("text/event-stream; charset=utf-8", true),
        ("text/event-stream;charset=utf-8", true),
        ("Text/Event-Stream", true),
        ("text/event-streams", false),
        ("text/plain", false),
    ] {
        let monitoring = monitoring();
        let body = || Script::new([Step::Wait]).body();
        let events = move || async move { ([(CONTENT_TYPE, content_type)], body()) };
        let app = Router::new()
            .route(EVENTS, get(events))
            .layer(monitoring.layer());
        let answer = head(app, request("GET /events")).await;
        let counted = if is_stream { &COUNTED[..] } else { &[] };
        assert_eq!(requests(&monitoring), counted, "{content_type}");
        drop(answer);
        assert_eq!(
            lives(&monitoring, EVENTS).0,
            u64::from(is_stream),
            "{content_type}"
        );
    }
}

#[tokio::test]
async fn events_of_a_monitored_handler_around_two_layers() {
    #[monitor("/events")]
    async fn events() -> ([(http::HeaderName, &'static str); 1], Body) {
        let body = Script::new([Step::Data(10), Step::Wait]).body();
        ([(CONTENT_TYPE, "text/event-stream")], body)
    }
    let monitoring = monitoring();
    let app = Router::new()
        .route(EVENTS, get(events))
        .layer(monitoring.layer())
        .layer(monitoring.layer());
    let answer = head(monitoring.around(app), request("GET /events")).await;
    assert_eq!(requests(&monitoring), COUNTED);
    let calls = monitoring
        .recorded()
        .value("request_count_total", &[("http_status", "200")]);
    assert_eq!(calls, Some(1.0));
    drop(answer);
    check(&monitoring, &COUNTED);
    assert_eq!(lives(&monitoring, EVENTS).0, 1);
    let calls = monitoring.recorded().value("request_count_total", &[]);
    assert_eq!(calls, Some(1.0));
}

/// An app that sends the events which the test gives it.
fn live(monitoring: &Monitoring) -> (Router, UnboundedSender<Result<Event, Infallible>>) {
    let (sender, receiver) = unbounded_channel();
    let receiver = std::sync::Arc::new(std::sync::Mutex::new(Some(receiver)));
    let events = || async move {
        let receiver = receiver.lock().expect("no panic").take();
        Sse::new(UnboundedReceiverStream::new(receiver.expect("one request")))
    };
    let app = Router::new()
        .route(EVENTS, get(events))
        .layer(monitoring.layer());
    (app, sender)
}

#[tokio::test]
async fn events_through_a_server() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        for client_leaves in [true, false] {
            let monitoring = monitoring();
            let (app, events) = live(&monitoring);
            let server = Server::ours(&monitoring, app).await;
            let client = Client::new(version);
            let answer = client
                .head(server.request("GET /events", Body::empty()))
                .await;
            let mut body = answer.expect("an answer").into_body();
            events
                .send(Ok(Event::default().data("one")))
                .expect("a reader");
            let frame = body.frame().await.expect("a frame").expect("data");
            assert_eq!(frame.into_data().expect("data"), "data: one\n\n");
            assert_eq!(requests(&monitoring), COUNTED);
            assert_eq!(in_flight(&monitoring), IN_FLIGHT);
            assert_eq!(lives(&monitoring, EVENTS), NO_LIFE);
            if client_leaves {
                drop(body);
                settled(&monitoring, &COUNTED).await;
            } else {
                drop(events);
                let rest = body.collect().await.expect("the end");
                assert_eq!(rest.to_bytes(), "");
            }
            server.end(&monitoring, &COUNTED).await;
            assert_eq!(
                lives(&monitoring, EVENTS).0,
                1,
                "{version:?} {client_leaves}"
            );
        }
    }
}
