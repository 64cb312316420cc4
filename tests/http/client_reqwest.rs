//! The client layer on the client of `reqwest`: its requests are measured, have a span, and take along what others do.

use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use ecolaura_monitoring::Monitoring;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use tower::{Layer as _, Service as _, ServiceExt as _};

use support::exchange::send;
use support::traced::{PARENT, flushed, traced, with_header};

const CLIENT: i32 = 3;

async fn served(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn count(monitoring: &Monitoring, status: &str) -> Option<u64> {
    let recorded = monitoring.recorded();
    let labels = [
        ("method", "POST"),
        ("peer", "payments"),
        ("status_code", status),
    ];
    let times = recorded.histogram("http_client_request_duration_seconds", &labels)?;
    Some(times.count)
}

#[tokio::test]
async fn one_trace_through_two_services() {
    let (collector, monitoring) = traced().await;
    let charge = async |headers: HeaderMap, body: String| {
        let told = ["traceparent", "tracestate", "baggage"].map(|name| {
            let value = headers.get(name).expect("a header");
            value.to_str().expect("text").to_owned()
        });
        (StatusCode::ACCEPTED, format!("{}|{body}", told.join("|")))
    };
    let address = served(Router::new().route("/charge", post(charge))).await;
    let client = monitoring
        .client_layer("payments")
        .layer(reqwest::Client::new());
    let handler = async move || {
        let url = format!("http://user:canary@{address}/charge?card=canary");
        let sent = reqwest::Client::new().post(url).body("seven euros").build();
        let answer = client.clone().call(sent.expect("a request")).await;
        answer.expect("an answer").text().await.expect("text")
    };
    let app = Router::new()
        .route("/orders", post(handler))
        .layer(monitoring.layer());
    let mut sent = with_header("POST /orders", "traceparent", PARENT);
    for (name, value) in [("tracestate", "a=1"), ("baggage", "plan=forest")] {
        let value = value.parse().expect("a value");
        sent.headers_mut().append(name, value);
    }
    let (_, told) = send(app, sent).await;
    flushed(&monitoring).await;

    let (order, call) = (collector.span("POST /orders"), collector.span("POST"));
    let expected = format!(
        "00-{}-{}-01|a=1|plan=forest|seven euros",
        &PARENT[3..35],
        call.id()
    );
    assert_eq!(told, expected);
    assert_eq!((call.parent(), call.kind), (order.id(), CLIENT));
    let (port, url) = (
        address.port().to_string(),
        format!("http://{address}/charge"),
    );
    for (key, value) in [
        ("http.request.method", "POST"),
        ("http.response.status_code", "202"),
        ("peer.service", "payments"),
        ("server.address", "127.0.0.1"),
        ("server.port", &port),
        ("url.full", &url),
    ] {
        assert_eq!(call.attribute(key).as_deref(), Some(value), "{key}");
    }
    assert!(!collector.has_seen("canary"));
    assert_eq!(count(&monitoring, "202"), Some(1));
}

#[tokio::test]
async fn how_requests_end() {
    let (_collector, monitoring) = traced().await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let nobody = free.local_addr().expect("an address");
    drop(free);
    let app = Router::new()
        .route("/never", post(pending::<&'static str>))
        .route("/refused", post(async || StatusCode::FORBIDDEN));
    let address = served(app).await;
    let client = reqwest::Client::new();
    let layered = monitoring.client_layer("payments").layer(client.clone());
    for (url, expected) in [
        (format!("http://{address}/refused"), "403"),
        (format!("http://{address}/never"), "timeout"),
        (format!("http://{nobody}/"), "error"),
    ] {
        let late = Duration::from_millis(300);
        let sent = client.post(url).timeout(late).build();
        let answer = layered.clone().oneshot(sent.expect("a request")).await;
        assert_eq!(answer.is_ok(), expected == "403");
        assert_eq!(count(&monitoring, expected), Some(1), "{expected}");
    }
    let sent = client.post(format!("http://{address}/never")).build();
    let given_up = layered.oneshot(sent.expect("a request"));
    let late = tokio::time::timeout(Duration::from_millis(50), given_up).await;
    assert!(late.is_err());
    assert_eq!(count(&monitoring, "cancelled"), Some(1));
}

/// Where there is no trace, what is sent is as its sender made it.
#[tokio::test]
async fn outside_of_requests_nothing_is_added() {
    let (_collector, monitoring) = traced().await;
    let headers = async |headers: HeaderMap| {
        let names: Vec<_> = headers
            .keys()
            .map(|name| name.as_str().to_owned())
            .collect();
        names.join(" ")
    };
    let address = served(Router::new().route("/", get(headers))).await;
    let mut client = monitoring
        .client_layer("other")
        .layer(reqwest::Client::new());
    let sent = reqwest::Client::new().get(format!("http://{address}/"));
    let answer = client.call(sent.build().expect("a request")).await;
    let names = answer.expect("an answer").text().await.expect("text");
    assert!(
        !names.contains("trace") && !names.contains("baggage"),
        "{names}"
    );
}
