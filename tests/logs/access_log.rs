//! Each request has one line when it ends, with what metrics and its span say of it.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use ecolaura_monitoring::{AccessLog, LogFormat, Monitoring, MonitoringBuilder};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;

use support::exchange::{request, send, with_body};
use support::lines::{Lines, labels, logged};

fn app(monitoring: &Monitoring) -> Router {
    Router::new()
        .route(
            "/boxes/{id}",
            get(async || "four").post(async |body: String| body),
        )
        .route("/fails", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/panics", get(async || -> &'static str { panic!("no") }))
        .route("/late", get(std::future::pending::<()>))
        .route(
            "/slow",
            get(async || tokio::time::sleep(Duration::from_secs(2)).await),
        )
        .route(
            "/events",
            post(async || {
                let events =
                    ["a", "b"].map(|data| Ok::<_, std::io::Error>(Event::default().data(data)));
                Sse::new(tokio_stream::iter(events))
            }),
        )
        .layer(monitoring.layer())
}

async fn read(lines: &Lines, monitoring: &Monitoring) -> Vec<Map<String, Value>> {
    assert!(monitoring.flush(Duration::from_secs(20)).await.is_ok());
    let parse = |line: &String| serde_json::from_str(line).expect("JSON");
    lines.all().iter().map(parse).collect()
}

async fn built(
    choose: impl FnOnce(MonitoringBuilder) -> MonitoringBuilder,
) -> (Lines, Monitoring, Router) {
    let (lines, monitoring) = logged(choose);
    let app = app(&monitoring);
    (lines, monitoring, app)
}

#[tokio::test]
async fn a_line_as_it_is_written() {
    let (lines, monitoring, app) = built(|builder| builder).await;
    let mut sent = with_body("POST /boxes/7?token=hunter2", Body::from("12345"));
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    sent.headers_mut()
        .insert("traceparent", parent.parse().unwrap());
    send(app, sent).await;
    let mut line = read(&lines, &monitoring).await.remove(0);
    let moment = line.remove("@timestamp").unwrap();
    assert_eq!(
        moment.as_str().unwrap().len(),
        "2026-11-23T08:05:34.853123Z".len()
    );
    let duration = line.remove("event.duration").unwrap().as_u64().unwrap();
    assert!(duration > 0 && duration < 10_000_000_000, "{duration} ns");
    let expected = json!({
        "log.level": "info",
        "message": "POST /boxes/7 200",
        "ecs.version": "9.4.0",
        "service.name": "test",
        "event.dataset": "access",
        "trace.id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "span.id": "00f067aa0ba902b7", // of the sender: here nobody makes spans
        "event.kind": "event",
        "event.category": ["web"],
        "event.type": ["access"],
        "event.outcome": "success",
        "http.request.method": "POST",
        "url.path": "/boxes/7",
        "http.response.status_code": 200,
        "http.request.body.bytes": 5,
        "http.response.body.bytes": 5,
        "http.version": "1.1",
        "labels": {"endpoint": "/boxes/{id}", "outcome": "success"},
    });
    assert_eq!(Value::Object(line), expected);
}

#[tokio::test]
async fn whatever_becomes_of_a_request() {
    let (lines, monitoring, app) = built(|builder| builder).await;
    send(app.clone(), request("GET /nowhere/7")).await;
    send(app.clone(), request("GET /fails")).await;
    send(app.clone(), request("BREW /boxes/7")).await;
    let panics = tokio::spawn(app.clone().oneshot(request("GET /panics")));
    assert!(panics.await.is_err());
    let late = app.clone().oneshot(request("GET /late"));
    assert!(
        tokio::time::timeout(Duration::from_millis(1), late)
            .await
            .is_err()
    );
    let aborted = app.clone().oneshot(request("GET /boxes/7")).await;
    drop(aborted);
    let two = Request::get("/boxes/7").version(http::Version::HTTP_2);
    send(app, two.body(Body::empty()).unwrap()).await;
    let told: Vec<Value> = read(&lines, &monitoring)
        .await
        .iter()
        .map(|line| {
            let labels = labels(line);
            json!([
                line["message"],
                line["log.level"],
                line["event.outcome"],
                line.get("http.response.status_code"),
                line["http.version"],
                labels["endpoint"],
                labels["outcome"],
            ])
        })
        .collect();
    let expected = json!([
        [
            "GET /nowhere/7 404",
            "info",
            "failure",
            404,
            "1.1",
            "unmatched",
            "client_error"
        ],
        [
            "GET /fails 500",
            "error",
            "failure",
            500,
            "1.1",
            "/fails",
            "server_error"
        ],
        [
            "_OTHER /boxes/7 405",
            "info",
            "failure",
            405,
            "1.1",
            "/boxes/{id}",
            "client_error"
        ],
        [
            "GET /panics 500",
            "error",
            "failure",
            500,
            "1.1",
            "/panics",
            "panic"
        ],
        [
            "GET /late 499",
            "info",
            "failure",
            499,
            "1.1",
            "/late",
            "cancelled"
        ],
        [
            "GET /boxes/7 200",
            "info",
            "failure",
            200,
            "1.1",
            "/boxes/{id}",
            "aborted"
        ],
        [
            "GET /boxes/7 200",
            "info",
            "success",
            200,
            "2",
            "/boxes/{id}",
            "success"
        ],
    ]);
    assert_eq!(Value::Array(told), expected);
}

#[tokio::test]
async fn a_stream_has_its_line_when_it_ends() {
    let (lines, monitoring, app) = built(|builder| builder).await;
    let answer = app.oneshot(request("POST /events")).await.unwrap();
    assert!(read(&lines, &monitoring).await.is_empty());
    answer.into_body().collect().await.unwrap();
    let line = read(&lines, &monitoring).await.remove(0);
    assert_eq!(line["message"], "POST /events 200");
    assert_eq!(
        line["http.response.body.bytes"],
        "data: a\n\ndata: b\n\n".len()
    );
}

/// What a client sends can neither break a line nor bring a secret into it.
#[tokio::test]
async fn paths_that_nobody_needs() {
    let (lines, monitoring, app) = built(|builder| builder).await;
    for path in [
        "/%0a%22,%22x%22:1",
        "/a\"b\\c",
        "/caf%C3%A9/%ff%00",
        "//%7f",
        "/boxes/7",
    ] {
        send(app.clone(), request(&format!("GET {path}"))).await;
    }
    let long = format!("GET /{}", "x".repeat(60_000));
    send(app, request(&long)).await;
    let lines = read(&lines, &monitoring).await;
    let paths: Vec<_> = lines
        .iter()
        .map(|line| line["url.path"].as_str().unwrap())
        .collect();
    assert_eq!(
        paths[..5],
        [
            "/%0a%22,%22x%22:1",
            "/a\"b\\c",
            "/caf%C3%A9/%ff%00",
            "//%7f",
            "/boxes/7",
        ]
    );
    assert!(paths[5].len() < 2100, "{}", paths[5].len());
}

#[tokio::test]
async fn only_those_that_are_wanted() {
    let messages = async |access| {
        let (lines, monitoring, app) =
            built(|builder| builder.logs(|logs| logs.access_log(access))).await;
        send(app.clone(), request("GET /boxes/7")).await;
        send(app.clone(), request("GET /nowhere")).await;
        send(app.clone(), request("GET /fails")).await;
        tokio::time::pause();
        send(app, request("GET /slow")).await;
        tokio::time::resume();
        let lines = read(&lines, &monitoring).await;
        lines
            .iter()
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(messages(AccessLog::all()).await.len(), 4);
    assert!(messages(AccessLog::none()).await.is_empty());
    assert_eq!(messages(AccessLog::failures()).await, ["GET /fails 500"]);
    // The clock of requests is not that of tokio: all of them take some time.
    let slow = AccessLog::none().slower_than(Duration::from_secs(3600));
    assert!(messages(slow).await.is_empty());
    let all = AccessLog::none().slower_than(Duration::ZERO);
    assert_eq!(messages(all).await.len(), 4);
}

/// By chance: who sends requests cannot choose whether they are seen.
#[tokio::test]
async fn a_share_of_all() {
    let share = AccessLog::none().sample_ratio(0.5);
    let (lines, monitoring, app) =
        built(|builder| builder.logs(|logs| logs.access_log(share))).await;
    for _ in 0..400 {
        let mut sent = request("GET /boxes/7");
        let parent = "00-4bf92f3577b34da60000000000000001-00f067aa0ba902b7-00";
        let headers = sent.headers_mut();
        headers.insert("traceparent", parent.parse().unwrap());
        send(app.clone(), sent).await;
    }
    let lines = read(&lines, &monitoring).await.len();
    assert!((120..=280).contains(&lines), "{lines}"); // eight standard deviations
}

#[test]
fn a_share_is_a_share() {
    for wrong in [-0.1, 1.1, f64::NAN] {
        let builder = Monitoring::builder("test")
            .logs(|logs| logs.access_log(AccessLog::none().sample_ratio(wrong)));
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains("a share is from 0 to 1"), "{error}");
    }
}

#[tokio::test]
async fn text_for_people() {
    let (lines, monitoring, app) =
        built(|builder| builder.logs(|logs| logs.format(LogFormat::Text))).await;
    send(app, request("GET /boxes/7")).await;
    assert!(monitoring.flush(Duration::from_secs(20)).await.is_ok());
    let line = &lines.all()[0];
    assert!(
        line.contains("Z  INFO access: GET /boxes/7 200 event.duration="),
        "{line}"
    );
    assert!(
        line.contains(" endpoint=/boxes/{id} outcome=success trace.id="),
        "{line}"
    );
}

/// The id by which the lines of a request are found is not told to other services, which would take it for one that nobody records.
#[tokio::test]
async fn an_id_for_lines_alone_is_not_sent_along() {
    use tower::Layer as _;
    let (_, monitoring) = logged(|builder| builder);
    let client =
        monitoring
            .client_layer("shop")
            .layer(tower::service_fn(async |request: Request<Body>| {
                let sent = request.headers().get("traceparent").cloned();
                let sent = sent.map_or_else(String::new, |sent| sent.to_str().unwrap().to_owned());
                Ok::<_, std::convert::Infallible>(http::Response::new(sent))
            }));
    let handler = async move || {
        let request = Request::new(Body::empty());
        client.oneshot(request).await.unwrap().into_body()
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    let (_, sent) = send(app.clone(), request("GET /")).await;
    assert_eq!(sent, "");
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut asked = request("GET /");
    asked
        .headers_mut()
        .insert("traceparent", parent.parse().unwrap());
    let (_, sent) = send(app, asked).await;
    assert_eq!(sent, parent);
}
