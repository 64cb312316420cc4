//! Stopping: nothing new, what is in flight finishes, and nothing waits for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::get;
use ecolaura_monitoring::Monitoring;
use http::{Request, Version};
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt as _;

use support::battery::check;
use support::captured::Captured;
use support::client::Client;
use support::eventually::eventually;
use support::lines::logged;
use support::script::{Script, Step};
use support::served::{self, Server, Wire};

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
        .server(|server| server.drain_delay(drain_delay))
        .server(|server| server.drain_timeout(drain_timeout))
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
async fn a_request_that_the_drain_timeout_cuts_off_is_a_timeout() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let (lines, monitoring) = logged(|builder| {
            builder.server(|server| server.drain_timeout(Duration::from_millis(1)))
        });
        let begun = Arc::new(Notify::new());
        let begins = Arc::clone(&begun);
        let slow = || async move {
            begins.notify_one();
            std::future::pending::<&str>().await
        };
        let endless = || async { Script::new([Step::Data(4), Step::Wait]).body() };
        let app = Router::new()
            .route("/slow", get(slow))
            .route("/endless", get(endless))
            .layer(monitoring.layer());
        let mut server = Server::ours(&monitoring, app.clone()).await;
        let client = served::Client::new(version);
        let head = client.head(server.request("GET /endless", Body::empty()));
        let answer = head.await.expect("a head");
        let (request, asks) = (server.request("GET /slow", Body::empty()), client.clone());
        let asked = tokio::spawn(async move { asks.head(request).await });
        begun.notified().await;
        server.stop();
        server.stopped().await;
        // Before `serve` is left, so that what is exported and written at the end has them.
        check(
            &monitoring,
            &["GET /endless 200 timeout 1", "GET /slow 504 timeout 1"],
        );
        for path in ["/endless", "/slow"] {
            let of_path =
                |line: &String| line.contains(path) && line.contains(r#""outcome":"timeout""#);
            let number = lines.all().iter().filter(|line| of_path(line)).count();
            assert_eq!(number, 1, "{version:?} {path}: {:?}", lines.all());
        }
        assert!(asked.await.expect("no panic").is_err());
        assert!(answer.into_body().collect().await.is_err());
        // A service that serves again has clients that leave.
        let request = Request::get("/slow")
            .body(Body::empty())
            .expect("a request");
        let left = tokio::time::timeout(Duration::from_millis(1), app.oneshot(request));
        assert!(left.await.is_err());
        let left = "GET /slow 499 cancelled 1";
        let before = ["GET /endless 200 timeout 1", "GET /slow 504 timeout 1"];
        check(&monitoring, &[before[0], left, before[1]]);
    }
}

#[tokio::test]
async fn handlers_can_ask_who_is_calling() {
    let service = service(Duration::from_secs(60)).await;
    let answer = Client::new().get(&format!("{}/peer", service.url)).await;
    assert_eq!(answer.unwrap(), "127.0.0.1");
    service.stop.send(()).unwrap();
    service.served.await.unwrap().unwrap();
}

// --- connections that are kept ------------------------------------------------------------------------------------------------

const ASK: &str = "GET /text HTTP/1.1\r\nhost: shop\r\n\r\n";

/// A service that answers at once, and one request that waits until it may go on.
async fn kept(monitoring: &Monitoring) -> (Server, Arc<Notify>) {
    let go_on = Arc::new(Notify::new());
    let waits = Arc::clone(&go_on);
    let slow = move || async move {
        waits.notified().await;
        "done"
    };
    let app = Router::new()
        .route(
            "/text",
            get(|| async { "four" }).post(|body: String| async { body }),
        )
        .route("/slow", get(slow))
        .layer(monitoring.layer());
    (Server::ours(monitoring, app).await, go_on)
}

fn draining(delay: Duration) -> Monitoring {
    let builder = Monitoring::builder("test").server(|server| server.drain_delay(delay));
    builder.build().expect("a monitoring")
}

/// Waits until so many requests are under way.
async fn under_way(monitoring: &Monitoring, number: usize) {
    eventually("all requests", async || {
        let in_flight = monitoring.recorded().value("http_requests_in_flight", &[]);
        let in_flight = in_flight.unwrap_or_default() as usize;
        (in_flight == number)
            .then_some(())
            .ok_or(format!("{in_flight} requests"))
    })
    .await;
}

/// Waits until the drain delay has begun, which new connections learn as well.
async fn drains(server: &Server) {
    eventually("the drain delay", async || {
        let mut client = Wire::open(server).await;
        client.write(ASK).await;
        let head = client.read_until("\r\n\r\n").await;
        head.contains("connection: close").then_some(()).ok_or(head)
    })
    .await;
}

#[tokio::test]
async fn the_first_answer_of_the_drain_delay_ends_its_connection() {
    let monitoring = draining(Duration::from_secs(600));
    let (mut server, go_on) = kept(&monitoring).await;
    let [mut idle, mut busy, mut old] = [
        Wire::open(&server).await,
        Wire::open(&server).await,
        Wire::open(&server).await,
    ];
    for client in [&mut idle, &mut busy] {
        client.write(ASK).await;
        let head = client.read_until("four").await;
        assert!(!head.contains("connection:"), "{head}");
    }
    busy.write("GET /slow HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    let keep = "GET /text HTTP/1.0\r\nconnection: keep-alive\r\n\r\n";
    old.write(keep).await;
    let head = old.read_until("four").await;
    assert!(head.contains("connection: keep-alive"), "{head}");
    server.stop();
    drains(&server).await;
    go_on.notify_one();
    idle.write(ASK).await;
    old.write(keep).await;
    for (client, body) in [(&mut idle, "four"), (&mut busy, "done"), (&mut old, "four")] {
        let answer = client.read_to_end().await;
        let told: Vec<_> = answer
            .lines()
            .filter(|line| line.starts_with("connection:"))
            .collect();
        assert_eq!(told, ["connection: close"], "{answer}");
        assert!(answer.ends_with(body), "{answer}");
    }
    assert!(server.is_serving());
}

/// What a client has begun to send when the service stops is answered, also on a connection that was idle before.
#[tokio::test]
async fn a_request_that_has_begun_to_come_is_answered() {
    for (start, rest, body) in [
        ("GET /text HTTP/1.1\r\nho", "st: shop\r\n\r\n", "four"),
        (
            "POST /text HTTP/1.1\r\nhost: shop\r\ncontent-length: 4\r\n\r\nfi",
            "ve",
            "five",
        ),
    ] {
        for is_first in [true, false] {
            let monitoring = draining(Duration::ZERO);
            let (mut server, _) = kept(&monitoring).await;
            let mut client = Wire::open(&server).await;
            if !is_first {
                client.write(ASK).await;
                client.read_until("four").await;
            }
            client.write(start).await;
            server.stop();
            server.refuses().await;
            client.write(rest).await;
            let answer = client.read_to_end().await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{start}: {answer}");
            assert!(answer.contains("connection: close"), "{start}: {answer}");
            assert!(answer.ends_with(body), "{start}: {answer}");
            server.stopped().await;
        }
    }
}

/// One that never goes on does not hold the service until the drain timeout.
#[tokio::test]
async fn a_head_that_does_not_go_on() {
    let monitoring = draining(Duration::ZERO);
    let (mut server, _) = kept(&monitoring).await;
    let mut client = Wire::open(&server).await;
    client.write(ASK).await;
    client.read_until("four").await;
    client.write("GET /text").await;
    server.stop();
    server.stopped().await;
    assert_eq!(client.read_to_end().await, "");
}

/// Nor does its time limit cut off the answer before it, which the client is still reading.
#[tokio::test]
async fn a_head_that_does_not_go_on_behind_an_answer() {
    const LENGTH: usize = 16 << 20; // more than the sockets hold
    let monitoring = draining(Duration::ZERO);
    let large = || async { vec![b'x'; LENGTH] };
    let app = Router::new()
        .route("/large", get(large))
        .layer(monitoring.layer());
    let mut server = Server::ours(&monitoring, app).await;
    let [mut reading, mut other] = [Wire::open(&server).await, Wire::open(&server).await];
    reading
        .write("GET /large HTTP/1.1\r\nhost: shop\r\n\r\n")
        .await;
    reading.read_until("\r\n\r\n").await;
    under_way(&monitoring, 0).await;
    for client in [&mut reading, &mut other] {
        client.write("GET /text").await;
    }
    server.stop();
    assert_eq!(other.read_to_end().await, "", "its time has passed");
    assert!(server.is_serving());
    assert_eq!(reading.read_to_end().await.len(), LENGTH);
    server.stopped().await;
}

/// Nor does one that is the first of its connection.
#[tokio::test]
async fn a_first_head_that_does_not_go_on() {
    for start in ["GET /text", "\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let builder = Monitoring::builder("test")
            .server(|server| server.drain_timeout(Duration::from_secs(600)));
        let monitoring = builder.build().expect("a monitoring");
        let (mut server, _) = kept(&monitoring).await;
        let mut client = Wire::open(&server).await;
        client.write(start).await;
        server.stop();
        server.stopped().await;
    }
}

#[tokio::test]
async fn connections_of_http_2_are_told_at_once() {
    let monitoring = draining(Duration::from_secs(600));
    let (mut server, go_on) = kept(&monitoring).await;
    let (mut idle, idle_ends) = http2(&server).await;
    let (mut busy, busy_ends) = http2(&server).await;
    for client in [&mut idle, &mut busy] {
        assert_eq!(ask(client, &server, "/text").await, "four");
    }
    let slow = tokio::spawn(busy.send_request(server.request("GET /slow", Body::empty())));
    under_way(&monitoring, 1).await;
    server.stop();
    idle_ends.await.expect("no panic").expect("GOAWAY");
    go_on.notify_one();
    let answer = slow
        .await
        .expect("no panic")
        .expect("an answer")
        .into_body();
    assert_eq!(answer.collect().await.expect("a body").to_bytes(), "done");
    busy_ends.await.expect("no panic").expect("GOAWAY");
    // A new one has its first request answered.
    let (mut new, new_ends) = http2(&server).await;
    assert_eq!(ask(&mut new, &server, "/text").await, "four");
    new_ends.await.expect("no panic").expect("GOAWAY");
    assert!(server.is_serving());
}

type Http2 = hyper::client::conn::http2::SendRequest<Body>;

async fn http2(server: &Server) -> (Http2, JoinHandle<Result<(), hyper::Error>>) {
    let stream = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let handshake =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (client, connection) = handshake.await.expect("HTTP/2");
    (client, tokio::spawn(connection))
}

async fn ask(client: &mut Http2, server: &Server, path: &str) -> bytes::Bytes {
    let request = server.request(&format!("GET {path}"), Body::empty());
    let answer = client.send_request(request).await.expect("an answer");
    answer
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes()
}

/// Clients that keep their connections ask all the time, and go elsewhere when an answer tells them to: not one request fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_fails_no_request() {
    const CLIENTS: usize = 16;
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let monitoring = draining(Duration::from_millis(300));
        let (mut server, _) = kept(&monitoring).await;
        let asked = Arc::new(AtomicUsize::new(0));
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (asked, address) = (Arc::clone(&asked), server.address());
            clients.spawn(async move { ask_until_told(version, address, &asked).await });
        }
        eventually("some load", async || match asked.load(Ordering::Relaxed) {
            number @ ..500 => Err(format!("{number} requests")),
            _ => Ok(()),
        })
        .await;
        server.stop();
        while let Some(ended) = clients.join_next().await {
            assert_eq!(ended.expect("no panic"), Ok(()), "{version:?}");
        }
        server.stopped().await;
        let answered = monitoring
            .recorded()
            .value("http_requests_total", &[("outcome", "success")]);
        assert_eq!(answered, Some(asked.load(Ordering::Relaxed) as f64));
    }
}

/// Asks on one connection until the service ends that, which it must tell.
async fn ask_until_told(
    version: Version,
    address: std::net::SocketAddr,
    asked: &AtomicUsize,
) -> Result<(), String> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| error.to_string())?;
    let request = || {
        let request = Request::get(format!("http://{address}/text")).header("host", "shop");
        request.body(Body::empty()).expect("a request")
    };
    if version == Version::HTTP_11 {
        let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        loop {
            let answer = client.send_request(request()).await;
            let answer = answer.map_err(|error| format!("{error:?}"))?;
            asked.fetch_add(1, Ordering::Relaxed);
            let is_last = answer.headers().contains_key("connection");
            answer
                .into_body()
                .collect()
                .await
                .map_err(|error| format!("{error:?}"))?;
            if is_last {
                return Ok(());
            }
        }
    }
    let handshake =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut client, connection) = handshake.await.map_err(|error| error.to_string())?;
    let connection = tokio::spawn(connection);
    // It is not ready any more when it has been told.
    while client.ready().await.is_ok() {
        match client.try_send_request(request()).await {
            Ok(answer) => {
                asked.fetch_add(1, Ordering::Relaxed);
                answer
                    .into_body()
                    .collect()
                    .await
                    .map_err(|error| format!("{error:?}"))?;
            }
            // Told just before it was sent: a client sends it elsewhere. The service has not counted it.
            Err(unsent) if unsent.message().is_some() => break,
            Err(failed) => {
                let error = format!("{:?}", failed.into_error());
                if error.contains("GoAway(b\"\", NO_ERROR, Remote)") {
                    break;
                }
                return Err(error);
            }
        }
    }
    drop(client);
    let ended = connection.await.expect("no panic");
    ended.map_err(|error| format!("connection: {error:?}"))
}

#[tokio::test]
async fn the_last_line_tells_how_many_connections_there_were() {
    for (number, expected) in [
        (0, "INFO stopped: no connection was open"),
        (1, "INFO stopped: 1 connection finished"),
        (3, "INFO stopped: 3 connections finished"),
    ] {
        let (captured, _guard) = Captured::start();
        let monitoring = draining(Duration::ZERO);
        let (mut server, go_on) = kept(&monitoring).await;
        let mut clients = Vec::new();
        for _ in 0..number {
            let mut client = Wire::open(&server).await;
            client
                .write("GET /slow HTTP/1.1\r\nhost: shop\r\n\r\n")
                .await;
            clients.push(client);
        }
        under_way(&monitoring, number).await;
        server.stop();
        server.refuses().await;
        for mut client in clients {
            go_on.notify_one();
            let answer = client.read_to_end().await;
            assert!(answer.ends_with("done"), "{answer}");
        }
        server.stopped().await;
        assert_eq!(captured.lines("stopped"), [expected]);
    }
}
