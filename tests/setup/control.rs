//! What operators change while the service runs, with the token, for a while, and told in the log.

use std::net::SocketAddr;
use std::time::Duration;

use ecolaura_monitoring::{Monitoring, MonitoringBuilder};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use tracing::{debug, info};

use support::lines::{Lines, labels, logged, within};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn controlled(choose: impl FnOnce(MonitoringBuilder) -> MonitoringBuilder) -> (Lines, Monitoring) {
    logged(|builder| {
        let builder = builder
            .listen(([127, 0, 0, 1], 0))
            .server(|server| server.control_token(TOKEN));
        choose(builder)
    })
}

/// One request to `/control`, with these headers.
async fn send(
    to: SocketAddr,
    method: &str,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> (StatusCode, Value) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://{to}/control"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Full::<axum::body::Bytes>::from(body.into());
    let answer = client.request(request.body(body).unwrap()).await.unwrap();
    let status = answer.status();
    assert!(status == StatusCode::NOT_FOUND || answer.headers()["cache-control"] == "no-store");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// The outputs of all, which run at once.
async fn futures_of<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = all.map(Box::pin).collect();
    let mut outputs = Vec::new();
    std::future::poll_fn(|cx| {
        running.retain_mut(|one| match one.as_mut().poll(cx) {
            std::task::Poll::Ready(output) => {
                outputs.push(output);
                false
            }
            std::task::Poll::Pending => true,
        });
        match running.is_empty() {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    outputs
}

async fn control(of: &Monitoring, method: &str, body: &str) -> (StatusCode, Value) {
    let token = format!("Bearer {TOKEN}");
    send(
        of.listen_addr().unwrap(),
        method,
        &[("authorization", &token)],
        body,
    )
    .await
}

async fn read(lines: &Lines, monitoring: &Monitoring) -> Vec<Map<String, Value>> {
    assert!(monitoring.flush(Duration::from_secs(20)).await.is_ok());
    let parse = |line: &String| serde_json::from_str(line).expect("JSON");
    lines.all().iter().map(parse).collect()
}

#[tokio::test]
async fn nobody_without_the_token() {
    let (lines, monitoring) = controlled(|builder| builder);
    let to = monitoring.listen_addr().unwrap();
    let longer = format!("Bearer {TOKEN}0");
    let right = format!("Bearer {TOKEN}");
    for headers in [
        &[][..],
        &[("authorization", "")],
        &[("authorization", TOKEN)],
        &[("authorization", "Bearer ")],
        &[("authorization", "Bearer 0123456789abcdef0123456789abcdeF")],
        &[("authorization", "Basic 0123456789abcdef0123456789abcdef")],
        &[("authorization", &longer)],
        &[("authorization", &right), ("authorization", &right)],
    ] {
        let (status, body) = send(to, "PUT", headers, r#"{"log_filter":"off"}"#).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert!(!body.to_string().contains(TOKEN));
    }
    let lines = read(&lines, &monitoring).await;
    assert_eq!(lines.len(), 8);
    for line in lines {
        assert_eq!(line["message"], "control-refused");
        assert_eq!(line["event.outcome"], "failure");
        assert_eq!(line["source.ip"], "127.0.0.1");
    }
    // Who guesses is told of some times a second, and counted each time.
    let (mut tries, deadline) = (8, Instant::now() + Duration::from_secs(60));
    loop {
        let guesses = (0..40).map(|_| async {
            let guess = [("authorization", "Bearer guess")];
            send(to, "GET", &guess, "").await.0
        });
        let answers = futures_of(guesses).await;
        tries += answers.len();
        if answers.contains(&StatusCode::TOO_MANY_REQUESTS) {
            break;
        }
        assert!(Instant::now() < deadline, "{answers:?}");
    }
    let counted = format!(
        "authentication_attempts_total{{mechanism=\"control_token\",outcome=\"failure\"}} {tries}\n"
    );
    assert!(monitoring.metrics().render().contains(&counted));
    assert_eq!(control(&monitoring, "GET", "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn there_is_none_where_there_is_no_token() {
    let (_, monitoring) = logged(|builder| builder.listen(([127, 0, 0, 1], 0)));
    assert_eq!(
        control(&monitoring, "GET", "").await.0,
        StatusCode::NOT_FOUND
    );
    // Nor in the routes that an app may show to everybody.
    let (_, monitoring) = controlled(|builder| builder);
    let request = Request::get("/control")
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = tower::ServiceExt::oneshot(monitoring.routes::<()>(), request)
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[test]
fn a_token_that_can_be_guessed() {
    let error = Monitoring::builder("test")
        .server(|server| server.control_token("secret"))
        .build()
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("control_token is too short: give it 16 bytes or more"),
        "{error}"
    );
    assert!(!error.contains("secret"));
    let builder = Monitoring::builder("test")
        .server(|server| server.control_token(TOKEN))
        .user_hash_key(TOKEN);
    assert!(!format!("{builder:?}").contains(TOKEN));
}

#[tokio::test]
async fn the_filter_of_the_log() {
    let (lines, monitoring) = controlled(|builder| builder.logs(|logs| logs.filter("warn")));
    let log = || {
        within(&monitoring, || {
            info!("info");
            debug!(target: "deep", "debug");
        })
    };
    log();
    let (status, state) = control(&monitoring, "GET", "").await;
    assert_eq!(
        (status, state),
        (StatusCode::OK, json!({"log_filter": {"now": "warn"}}))
    );

    let change = r#"{"log_filter": "info,deep=debug", "for_seconds": 1000}"#;
    let (status, state) = control(&monitoring, "PUT", change).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        state["log_filter"],
        json!({"now": "info,deep=debug", "before": "warn"})
    );
    let left = state["returns_in_seconds"].as_u64().unwrap();
    assert!((990..=1000).contains(&left), "{left}");
    log();

    let change = r#"{"log_filter": "off"}"#;
    control(&monitoring, "PUT", change).await;
    log();
    let (_, state) = control(&monitoring, "DELETE", "").await;
    assert_eq!(state, json!({"log_filter": {"now": "warn"}}));

    let told: Vec<_> = read(&lines, &monitoring)
        .await
        .iter()
        .map(|line| json!([line["message"], labels(line)]))
        .collect();
    let expected = json!([
        ["control-change", {"log_filter": "info,deep=debug", "for_seconds": "1000"}],
        ["info", {}],
        ["debug", {}],
        ["control-change", {"log_filter": "off", "for_seconds": "600"}],
        ["control-return", {"log_filter": "warn"}],
    ]);
    assert_eq!(Value::Array(told), expected);
}

/// Also of a span that is under way, which is when somebody wants to see more of it.
#[tokio::test]
async fn a_filter_by_span() {
    use tracing::dispatcher::{Dispatch, with_default};
    use tracing_subscriber::layer::SubscriberExt as _;

    let (lines, monitoring) = controlled(|builder| builder);
    let subscriber = tracing_subscriber::registry().with(monitoring.log_layer());
    let dispatch = Dispatch::new(subscriber);
    let spans = with_default(&dispatch, || {
        ["packing", "sending"].map(|what| match what {
            "packing" => tracing::info_span!("packing", order = 7),
            _ => tracing::info_span!("sending"),
        })
    });
    let log = |when: &str| {
        with_default(&dispatch, || {
            for span in &spans {
                span.in_scope(|| debug!("{when}"));
            }
        });
    };
    log("before");
    let change = r#"{"log_filter": "info,[packing]=debug"}"#;
    assert_eq!(control(&monitoring, "PUT", change).await.0, StatusCode::OK);
    log("meanwhile");
    control(&monitoring, "DELETE", "").await;
    log("afterwards");
    let read = read(&lines, &monitoring).await;
    let debug: Vec<_> = read
        .iter()
        .filter(|line| line["log.level"] == "debug")
        .collect();
    assert_eq!(debug.len(), 1, "{debug:?}");
    assert_eq!(debug[0]["message"], "meanwhile");
    assert_eq!(labels(debug[0])["order"], "7");
}

#[tokio::test]
async fn all_returns_when_its_time_is_over() {
    let (lines, monitoring) = controlled(|builder| builder);
    control(
        &monitoring,
        "PUT",
        r#"{"log_filter": "off", "for_seconds": 1}"#,
    )
    .await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while control(&monitoring, "GET", "").await.1["log_filter"]["now"] != "info" {
        assert!(Instant::now() < deadline, "it returns");
    }
    let lines = read(&lines, &monitoring).await;
    let last = lines.last().unwrap();
    assert_eq!(last["message"], "control-return");
    assert_eq!(last["event.outcome"], "success");
    assert!(!last.contains_key("source.ip"), "nobody did it");
    assert_eq!(labels(last)["log_filter"], "info");
}

#[tokio::test]
async fn what_is_wrong_changes_nothing() {
    let (lines, monitoring) = controlled(|builder| builder);
    let long = format!("{{\"log_filter\":\"{}\"}}", "a".repeat(5000));
    for (method, body, status, why) in [
        ("PUT", "", 400, "the body is no JSON object"),
        ("PUT", "[]", 400, "the body is no JSON object"),
        ("PUT", "{}", 400, "nothing is to be set"),
        ("PUT", r#"{"for_seconds": 5}"#, 400, "nothing is to be set"),
        ("PUT", r#"{"log_filter": 7}"#, 400, "log_filter is a text"),
        (
            "PUT",
            r#"{"log_filter": "a=loud"}"#,
            400,
            "the log filter is `a=loud`",
        ),
        (
            "PUT",
            r#"{"log_filter": "debug", "for_seconds": 0}"#,
            400,
            "for_seconds is a whole number",
        ),
        (
            "PUT",
            r#"{"log_filter": "debug", "for_seconds": 86401}"#,
            400,
            "for_seconds is",
        ),
        (
            "PUT",
            r#"{"log_filter": "debug", "level": 1}"#,
            400,
            "log_filter, and for_seconds",
        ),
        ("PUT", &long, 413, "longer than 4096 bytes"),
        (
            "POST",
            r#"{"log_filter": "debug"}"#,
            405,
            "PUT sets something",
        ),
    ] {
        let (answered, answer) = control(&monitoring, method, body).await;
        assert_eq!(answered.as_u16(), status, "{body}");
        let told = answer["error"].as_str().unwrap();
        assert!(told.contains(why), "{told}");
    }
    let (_, state) = control(&monitoring, "GET", "").await;
    assert_eq!(state, json!({"log_filter": {"now": "info"}}));
    assert!(read(&lines, &monitoring).await.is_empty());
}
#[tokio::test]
async fn the_share_of_traces() {
    use ecolaura_monitoring::{Sampling, TraceContext};
    let (_, monitoring) = controlled(|builder| {
        let builder = builder.traces(|traces| traces.otlp_endpoint("http://127.0.0.1:9")); // nobody is there
        builder.traces(|traces| traces.sampling(Sampling::ratio(0.0).keep_failed(false)))
    });
    let app = axum::Router::new()
        .route(
            "/",
            axum::routing::get(async || {
                let context = TraceContext::current().unwrap();
                context.is_sampled().to_string()
            }),
        )
        .layer(monitoring.layer());
    let is_sampled = async || {
        let request = Request::get("/").body(axum::body::Body::empty()).unwrap();
        let answer = tower::ServiceExt::oneshot(app.clone(), request)
            .await
            .unwrap();
        answer.into_body().collect().await.unwrap().to_bytes()
    };
    assert_eq!(is_sampled().await, "false");
    let (_, state) = control(&monitoring, "PUT", r#"{"sampling_ratio": 1}"#).await;
    assert_eq!(state["sampling_ratio"], json!({"now": 1.0, "before": 0.0}));
    assert_eq!(is_sampled().await, "true");
    control(&monitoring, "DELETE", "").await;
    assert_eq!(is_sampled().await, "false");
    for wrong in [r#"{"sampling_ratio": 1.1}"#, r#"{"sampling_ratio": "1"}"#] {
        let (status, answer) = control(&monitoring, "PUT", wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(answer["error"], "sampling_ratio is a number from 0 to 1");
    }
}
