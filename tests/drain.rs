//! Stopping: nothing new, what is in flight finishes, and nothing waits for ever.

#[path = "support/client.rs"]
mod client;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use client::Client;
use ecolaura_monitoring::Monitoring;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// A service with a handler that says when it has begun and waits until it may go on.
struct Service {
    monitoring: Monitoring,
    url: String,
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ecolaura_monitoring::Error>>,
}

async fn service(drain_timeout: Duration) -> Service {
    service_with(Duration::ZERO, drain_timeout).await
}

async fn service_with(drain_delay: Duration, drain_timeout: Duration) -> Service {
    let builder = Monitoring::builder("test").listen(([127, 0, 0, 1], 0));
    let monitoring = builder
        .drain_delay(drain_delay)
        .drain_timeout(drain_timeout)
        .build()
        .unwrap();
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (says, waits) = (Arc::clone(&begun), Arc::clone(&go_on));
    let slow = move || async move {
        says.notify_one();
        waits.notified().await;
        "done"
    };
    let peer =
        |ConnectInfo(peer): ConnectInfo<std::net::SocketAddr>| async move { peer.ip().to_string() };
    let app = Router::new()
        .route("/slow", get(slow))
        .route("/peer", get(peer))
        .layer(monitoring.layer());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = monitoring.clone();
    let served = tokio::spawn(async move {
        let stopped = async { stopped.await.unwrap_or(()) };
        serving.serve_until(listener, app, stopped).await
    });
    Service {
        monitoring,
        url,
        begun,
        go_on,
        stop,
        served,
    }
}

#[tokio::test]
async fn requests_in_flight_finish_while_ready_says_no() {
    let service = service(Duration::from_secs(60)).await;
    let url = format!("{}/slow", service.url);
    let request = tokio::spawn(async move { Client::new().get(&url).await });
    service.begun.notified().await;
    service.stop.send(()).unwrap();

    let ready = format!(
        "http://{}/health/ready",
        service.monitoring.listen_addr().unwrap()
    );
    while Client::new().send("GET", &ready, "").await.unwrap().0 != 503 {
        tokio::task::yield_now().await;
    }
    // New connections are refused once the listener is gone, which follows at once.
    while Client::new()
        .get(&format!("{}/peer", service.url))
        .await
        .is_ok()
    {
        tokio::task::yield_now().await;
    }
    assert!(!service.served.is_finished());

    service.go_on.notify_one();
    assert_eq!(request.await.unwrap().unwrap(), "done");
    service.served.await.unwrap().unwrap();
    let counted = service.monitoring.recorded();
    assert_eq!(
        counted.value(
            "http_requests_total",
            &[("endpoint", "/slow"), ("outcome", "success")]
        ),
        Some(1.0)
    );
    assert_eq!(counted.value("http_requests_in_flight", &[]), Some(0.0));
}

#[tokio::test]
async fn during_the_delay_ready_says_no_and_requests_are_served() {
    let service = service_with(Duration::from_secs(600), Duration::from_secs(60)).await;
    service.stop.send(()).unwrap();
    let ready = format!(
        "http://{}/health/ready",
        service.monitoring.listen_addr().unwrap()
    );
    while Client::new().send("GET", &ready, "").await.unwrap().0 != 503 {
        tokio::task::yield_now().await;
    }
    let answer = Client::new().get(&format!("{}/peer", service.url)).await;
    assert_eq!(answer.unwrap(), "127.0.0.1");
    assert!(!service.served.is_finished());
    service.served.abort();
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_the_service() {
    let service = service(Duration::from_millis(1)).await;
    let url = format!("{}/slow", service.url);
    let request = tokio::spawn(async move { Client::new().get(&url).await });
    service.begun.notified().await;
    service.stop.send(()).unwrap();
    service.served.await.unwrap().unwrap();
    request.abort();
}

#[tokio::test]
async fn handlers_can_ask_who_is_calling() {
    let service = service(Duration::from_secs(60)).await;
    let answer = Client::new().get(&format!("{}/peer", service.url)).await;
    assert_eq!(answer.unwrap(), "127.0.0.1");
    service.stop.send(()).unwrap();
    service.served.await.unwrap().unwrap();
}
