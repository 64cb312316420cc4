//! Spans go to a collector by gRPC; what it answers is counted as what it is.
//!
//! The environment belongs to the whole process, and says that it is gRPC: each test runs itself again in a process of its own.

use std::env;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::{Monitoring, monitor};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use support::collector::{Answer, Collector};
use support::collector_grpc::{answering, serve};
use support::exchange::{request, send};
use support::own_process;
use support::this_test;

const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

/// Whether spans go by gRPC here. If not, runs the test of this name once more, where they do.
fn is_by_grpc(test: &str, variables: &[(&str, &str)]) -> bool {
    if env::var_os(PROTOCOL).is_some() {
        return true;
    }
    let again = own_process::run(test)
        .env(PROTOCOL, "grpc")
        .envs(variables.iter().copied())
        .output()
        .expect("the test runs again");
    let output = String::from_utf8_lossy(&again.stdout);
    let is_good = again.status.success() && output.contains("1 passed");
    assert!(is_good, "{output}");
    false
}

#[monitor("/")]
async fn handler() -> &'static str {
    "answered"
}

fn monitoring(endpoint: &str) -> Monitoring {
    let builder = Monitoring::builder("test").traces(|traces| traces.otlp_endpoint(endpoint));
    builder.build().expect("a monitoring")
}

/// Two spans for each request.
async fn answer(monitoring: &Monitoring, times: usize) {
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    for _ in 0..times {
        assert_eq!(send(app.clone(), request("GET /")).await.0, 200);
    }
}

async fn flush(monitoring: &Monitoring) -> bool {
    monitoring.flush(Duration::from_secs(20)).await.is_ok()
}

fn count(monitoring: &Monitoring, reason: &str) -> f64 {
    let recorded = monitoring.recorded();
    let value = match reason {
        "exported" => recorded.value("monitoring_spans_exported_total", &[]),
        reason => recorded.value("monitoring_spans_dropped_total", &[("reason", reason)]),
    };
    value.expect("it is there from the start")
}

async fn exports(collector: &Collector, compression: Option<&str>) {
    let monitoring = monitoring(&collector.endpoint());
    for _ in 0..3 {
        answer(&monitoring, 10).await;
        assert!(flush(&monitoring).await);
    }
    assert_eq!(count(&monitoring, "exported"), 60.0);
    assert_eq!(collector.spans().len(), 60);
    assert_eq!(collector.requests(), 3);
    assert_eq!(collector.resource()["service.name"], "test");
    assert_eq!(collector.header("grpc-encoding").as_deref(), compression);
    assert_eq!(collector.header("te").as_deref(), Some("trailers"));
    let kind = collector.header("content-type");
    assert_eq!(kind.as_deref(), Some("application/grpc"));
    let agent = collector.header("user-agent").expect("a header");
    assert!(agent.starts_with("ecolaura-monitoring/"), "{agent}");
}

#[tokio::test]
async fn spans_arrive() {
    if is_by_grpc(&this_test!(), &[]) {
        exports(&answering([]).await, None).await;
    }
}

#[tokio::test]
async fn spans_arrive_compressed_and_with_headers() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=shop"),
    ];
    if is_by_grpc(&this_test!(), &variables) {
        let collector = answering([]).await;
        exports(&collector, Some("gzip")).await;
        assert_eq!(collector.header("x-team").as_deref(), Some("shop"));
    }
}

/// One batch of many spans is larger than a window of HTTP/2.
#[tokio::test]
async fn a_large_batch_arrives() {
    let variables = [("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2048")];
    if is_by_grpc(&this_test!(), &variables) {
        let collector = answering([]).await;
        let monitoring = monitoring(&collector.endpoint());
        let app = Router::new().layer(monitoring.layer());
        let long = "x".repeat(4_000);
        for _ in 0..100 {
            send(app.clone(), request(&format!("GET /{long}"))).await;
        }
        assert!(flush(&monitoring).await);
        assert_eq!((collector.spans().len(), collector.requests()), (100, 1));
    }
}

#[tokio::test]
async fn what_the_collector_answers() {
    if !is_by_grpc(&this_test!(), &[]) {
        return;
    }
    let collector = answering([Answer::Rejects(3), Answer::Garbage]).await;
    let rejects = monitoring(&collector.endpoint());
    for _ in 0..2 {
        answer(&rejects, 5).await;
        assert!(flush(&rejects).await);
    }
    assert_eq!(count(&rejects, "rejected"), 3.0);
    assert_eq!(count(&rejects, "exported"), 17.0);

    // Unavailable, and so on: after these the protocol has it try again.
    for code in [1, 4, 10, 11, 14, 15] {
        let collector = answering([Answer::Fails(code)]).await;
        let monitoring = monitoring(&collector.endpoint());
        answer(&monitoring, 1).await;
        assert!(flush(&monitoring).await, "{code}");
        let found = (count(&monitoring, "exported"), collector.requests());
        assert_eq!(found, (2.0, 2), "{code}");
    }
    for code in [2, 3, 5, 6, 7, 8, 9, 12, 13, 16] {
        let collector = answering([Answer::Fails(code)]).await;
        let monitoring = monitoring(&collector.endpoint());
        answer(&monitoring, 1).await;
        assert!(!flush(&monitoring).await, "{code}");
        let found = (count(&monitoring, "export_failed"), collector.requests());
        assert_eq!(found, (2.0, 1), "{code}");
        answer(&monitoring, 1).await;
        assert!(flush(&monitoring).await, "the connection is still good");
    }
}

/// A collector that lacks room says when it has some, and one that is away may.
#[tokio::test]
async fn the_collector_says_when_to_come_again() {
    if !is_by_grpc(&this_test!(), &[]) {
        return;
    }
    for code in [8, 14] {
        let collector = answering([Answer::FailsFor(code, 1_500)]).await;
        let monitoring = monitoring(&collector.endpoint());
        answer(&monitoring, 1).await;
        let begun = Instant::now();
        assert!(flush(&monitoring).await);
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(1_500), "{took:?}");
        assert_eq!(collector.requests(), 2);
    }
    // What comes after a batch that gave up waits, too.
    let collector = answering([Answer::FailsFor(8, 2_000)]).await;
    let throttled = monitoring(&collector.endpoint());
    answer(&throttled, 1).await;
    assert!(throttled.flush(Duration::from_millis(300)).await.is_err());
    answer(&throttled, 1).await;
    assert!(flush(&throttled).await);
    let arrivals = collector.arrivals();
    let waited = arrivals[1] - arrivals[0];
    assert!(waited >= Duration::from_secs(2), "{waited:?}");
    let collector = answering([Answer::FailsFor(3, 100)]).await;
    let monitoring = monitoring(&collector.endpoint());
    answer(&monitoring, 1).await;
    assert!(!flush(&monitoring).await, "what is wrong stays wrong");
}

/// The exporter looks at its connection only when it has something to send: by then it may be closed.
#[tokio::test]
async fn a_collector_that_was_started_anew() {
    if !is_by_grpc(&this_test!(), &[]) {
        return;
    }
    let mut listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let collector = Collector::at(address, []);
    let monitoring = monitoring(&collector.endpoint());
    for round in 1..=3 {
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move { drop(stopped.await) };
        let served = tokio::spawn(serve(listener, collector.clone(), stopped));
        answer(&monitoring, 1).await;
        assert!(flush(&monitoring).await);
        assert_eq!(collector.spans().len(), 2 * round);
        drop(stop);
        served.await.expect("no panic");
        listener = TcpListener::bind(address).await.expect("the same port");
    }
    assert_eq!(count(&monitoring, "export_failed"), 0.0);
}

/// What does not speak gRPC has not taken anything.
#[tokio::test]
async fn what_is_no_collector() {
    let variables = [("OTEL_EXPORTER_OTLP_TIMEOUT", "2000")];
    if !is_by_grpc(&this_test!(), &variables) {
        return;
    }
    // By HTTP/2 too, as axum does: it answers 404, and at the right path 200 without a status of gRPC.
    let right = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let apps = [
        Router::new(),
        Router::new().route(right, axum::routing::post(async || "taken")),
    ];
    for app in apps {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        let monitoring = monitoring(&format!("http://{address}"));
        answer(&monitoring, 1).await;
        assert!(!flush(&monitoring).await);
        assert_eq!(count(&monitoring, "export_failed"), 2.0);
    }
    let never = answering(vec![Answer::Never; 10]).await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let nobody = free.local_addr().expect("an address");
    drop(free);
    for endpoint in [never.endpoint(), format!("http://{nobody}")] {
        let begun = Instant::now();
        let monitoring = monitoring(&endpoint);
        answer(&monitoring, 1).await;
        assert!(!flush(&monitoring).await);
        assert_eq!(count(&monitoring, "export_failed"), 2.0);
        assert!(begun.elapsed() < Duration::from_secs(15));
    }
}
