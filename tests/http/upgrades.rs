//! A connection that becomes something else is counted at its 101; its life is known where the monitoring serves it.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use ecolaura_monitoring::Monitoring;
use http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::client::conn::http2;
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio_stream::StreamExt as _;
use tokio_tungstenite::{WebSocketStream, client_async};
use tower::Layer as _;
use tower::service_fn;

use support::battery::{check, in_flight, lives, monitoring, requests, sent};
use support::captured::Captured;
use support::eventually::eventually;
use support::exchange::{head, request, spend};
use support::served::{Server, Wire, settled};

const SOCKET: &str = "/socket";
const COUNTED: [&str; 1] = ["GET /socket 101 success 1"];
const NO_LIFE: (u64, f64) = (0, 0.0);

async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(talk)
}

/// Says hello, and ends when the client does, or says so.
async fn talk(mut socket: WebSocket) {
    socket.send(Message::text("hello")).await.expect("a client");
    while let Some(Ok(message)) = socket.recv().await {
        if message == Message::text("end") {
            return;
        }
    }
}

fn app(monitoring: &Monitoring) -> Router {
    Router::new()
        .route(SOCKET, any(socket))
        .route("/text", get(|| async { "four" }))
        .layer(monitoring.layer())
}

async fn connect(server: &Server) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let url = format!("ws://{}{SOCKET}", server.address());
    let (mut socket, answer) = client_async(url, stream).await.expect("a WebSocket");
    assert_eq!(answer.status(), 101);
    let hello = socket.next().await.expect("a message").expect("text");
    assert_eq!(hello.into_text().expect("text"), "hello");
    socket
}

async fn ended(monitoring: &Monitoring, number: u64) {
    eventually("the end", async || match lives(monitoring, SOCKET).0 {
        n if n == number => Ok(()),
        n => Err(format!("{n} have ended")),
    })
    .await;
}

#[tokio::test]
async fn a_websocket_lives_until_its_client_closes_it() {
    let some_time = Duration::from_millis(5);
    let monitoring = monitoring();
    let server = Server::ours(&monitoring, app(&monitoring)).await;
    let mut socket = connect(&server).await;
    spend(some_time);
    assert_eq!(requests(&monitoring), COUNTED);
    assert_eq!(in_flight(&monitoring), ["/socket 1"]);
    assert_eq!(lives(&monitoring, SOCKET), NO_LIFE);
    socket.close(None).await.expect("it closes");
    drop(socket);
    server.end(&monitoring, &COUNTED).await;
    let (count, life) = lives(&monitoring, SOCKET);
    assert_eq!(count, 1);
    assert!(life >= some_time.as_secs_f64(), "{life} s");
}

#[tokio::test]
async fn a_websocket_lives_until_its_client_is_gone() {
    let monitoring = monitoring();
    let server = Server::ours(&monitoring, app(&monitoring)).await;
    drop(connect(&server).await);
    server.end(&monitoring, &COUNTED).await;
    assert_eq!(lives(&monitoring, SOCKET).0, 1);
}

#[tokio::test]
async fn each_websocket_has_its_life() {
    let monitoring = monitoring();
    let app = monitoring.around(app(&monitoring));
    let server = Server::ours(&monitoring, app).await;
    let (one, two, three) = (
        connect(&server).await,
        connect(&server).await,
        connect(&server).await,
    );
    let expected = ["GET /socket 101 success 3"];
    assert_eq!(requests(&monitoring), expected);
    for (number, socket) in [(1, two), (2, three)] {
        drop(socket);
        ended(&monitoring, number).await;
        assert_eq!(in_flight(&monitoring), [format!("/socket {}", 3 - number)]);
    }
    drop(one);
    server.end(&monitoring, &expected).await;
    assert_eq!(lives(&monitoring, SOCKET).0, 3);
}

/// Nobody tells the layer when the connection ends: its life is not guessed.
#[tokio::test]
async fn a_websocket_that_axum_serves_has_no_life() {
    let monitoring = monitoring();
    let server = Server::axum(app(&monitoring)).await;
    let socket = connect(&server).await;
    settled(&monitoring, &COUNTED).await;
    drop(socket);
    server.end(&monitoring, &COUNTED).await;
    assert_eq!(lives(&monitoring, SOCKET), NO_LIFE);
}

#[tokio::test]
async fn an_upgrade_in_process_has_no_life() {
    let monitoring = monitoring();
    let app = Router::new()
        .route(SOCKET, any(|| async { StatusCode::SWITCHING_PROTOCOLS }))
        .layer(monitoring.layer());
    drop(head(app, request("GET /socket")).await);
    check(&monitoring, &COUNTED);
    assert_eq!(sent(&monitoring), (1, 0.0));
    assert_eq!(lives(&monitoring, SOCKET), NO_LIFE);
}

/// The answer to an accepted CONNECT is the end of HTTP on its connection, whatever body it seems to have.
#[tokio::test]
async fn an_accepted_connect_is_an_upgrade() {
    let monitoring = monitoring();
    for status in [StatusCode::OK, StatusCode::FORBIDDEN] {
        let tunnel = service_fn(move |_: Request| async move {
            Ok::<_, Infallible>((status, "never sent").into_response())
        });
        drop(head(monitoring.layer().layer(tunnel), request("CONNECT /tunnel")).await);
    }
    check(
        &monitoring,
        &[
            "CONNECT unmatched 200 success 1",
            "CONNECT unmatched 403 aborted 1",
        ],
    );
    assert_eq!(lives(&monitoring, "unmatched"), NO_LIFE);
}

/// A server refuses an answer to CONNECT that declares a length, and closes the connection instead.
#[tokio::test]
async fn a_connect_that_is_accepted_with_a_length() {
    let monitoring = monitoring();
    let tunnel = service_fn(|_: Request| async {
        Ok::<_, Infallible>(([("content-length", "4")], "four").into_response())
    });
    let server = Server::ours(&monitoring, monitoring.layer().layer(tunnel)).await;
    let mut client = Wire::open(&server).await;
    client
        .write("CONNECT shop:443 HTTP/1.1\r\nhost: shop:443\r\n\r\n")
        .await;
    assert_eq!(client.read_to_end().await, "");
    let expected = ["CONNECT unmatched 200 server_error 1"];
    server.end(&monitoring, &expected).await;
}

/// A request that wants no upgrade where one is to be had is answered as any other.
#[tokio::test]
async fn a_refused_upgrade_is_no_stream() {
    let monitoring = monitoring();
    let answer = head(app(&monitoring), request("GET /socket")).await;
    assert_eq!(answer.status(), 400);
    answer.into_body().collect().await.expect("a body");
    check(&monitoring, &["GET /socket 400 client_error 1"]);
    assert_eq!(lives(&monitoring, SOCKET), NO_LIFE);
}

/// Many streams share a connection of HTTP/2, whose end is the end of none of them: they have no life.
#[tokio::test]
async fn websockets_of_http_2_have_no_life() {
    let monitoring = monitoring();
    let server = Server::ours(&monitoring, app(&monitoring)).await;
    let stream = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .expect("HTTP/2");
    let connection = tokio::spawn(connection);
    let answer = client
        .send_request(server.request("GET /text", Body::empty()))
        .await;
    answer
        .expect("an answer")
        .into_body()
        .collect()
        .await
        .expect("a body");
    let mut sockets = Vec::new();
    for _ in 0..2 {
        let mut request = server.request("CONNECT /socket", Body::empty());
        let version = "13".parse().expect("a value");
        request
            .headers_mut()
            .insert("sec-websocket-version", version);
        request
            .extensions_mut()
            .insert(Protocol::from_static("websocket"));
        let answer = client.send_request(request).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        sockets.push(hyper::upgrade::on(answer).await.expect("a WebSocket"));
    }
    let expected = ["CONNECT /socket 200 success 2", "GET /text 200 success 1"];
    settled(&monitoring, &expected).await;
    drop((sockets, client));
    let _ = connection.await;
    server.end(&monitoring, &expected).await;
    assert_eq!(lives(&monitoring, SOCKET), NO_LIFE);
}

// --- when the service stops ---------------------------------------------------------------------------------------------------

/// Says goodbye, and reads until the service has done so as well.
async fn close(socket: &mut WebSocketStream<TcpStream>) {
    socket.close(None).await.expect("it is open");
    while let Some(message) = socket.next().await {
        message.expect("a good end");
    }
}

#[tokio::test]
async fn a_websocket_has_the_drain_timeout() {
    let (captured, _guard) = Captured::start();
    let monitoring = monitoring();
    let mut server = Server::ours(&monitoring, app(&monitoring)).await;
    let mut sockets = [connect(&server).await, connect(&server).await];
    server.stop();
    server.refuses().await;
    for socket in &mut sockets {
        assert!(server.is_serving(), "a WebSocket is open");
        close(socket).await;
    }
    server.stopped().await;
    assert_eq!(lives(&monitoring, SOCKET).0, 2);
    assert_eq!(
        captured.lines("stop"),
        [
            "INFO stopping: no new connections; 2 connections still open, 2 of them upgraded, with 25s to finish",
            "INFO stopped: 2 connections finished",
        ]
    );
}

#[tokio::test]
async fn websockets_that_are_cut_off_are_counted() {
    let (captured, _guard) = Captured::start();
    let builder =
        Monitoring::builder("test").server(|server| server.drain_timeout(Duration::from_millis(1)));
    let monitoring = builder.build().expect("a monitoring");
    let app = app(&monitoring).route("/never", get(std::future::pending::<&'static str>));
    let mut server = Server::ours(&monitoring, app).await;
    let _sockets = [connect(&server).await, connect(&server).await];
    let mut never = Wire::open(&server).await;
    never
        .write("GET /never HTTP/1.1\r\nhost: shop\r\n\r\n")
        .await;
    let mut idle = Wire::open(&server).await;
    idle.write("GET /text HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    idle.read_until("four").await;
    server.stop();
    server.stopped().await;
    assert_eq!(
        captured.lines("stopped"),
        ["WARN stopped at the drain timeout of 1ms: 3 connections still open, 2 of them upgraded"]
    );
}

/// A tunnel through an accepted CONNECT is a connection like a WebSocket's.
#[tokio::test]
async fn a_tunnel_has_the_drain_timeout() {
    let monitoring = monitoring();
    let tunnel = service_fn(|request: Request| async {
        tokio::spawn(async {
            let upgraded = hyper::upgrade::on(request).await.expect("a tunnel");
            let (mut from, mut to) = tokio::io::split(TokioIo::new(upgraded));
            let _ = tokio::io::copy(&mut from, &mut to).await;
        });
        Ok::<_, Infallible>(Response::new(Body::empty()))
    });
    let mut server = Server::ours(&monitoring, monitoring.layer().layer(tunnel)).await;
    let mut client = Wire::open(&server).await;
    client
        .write("CONNECT shop:443 HTTP/1.1\r\nhost: shop:443\r\n\r\n")
        .await;
    let head = client.read_until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    server.stop();
    server.refuses().await;
    assert!(server.is_serving(), "the tunnel is open");
    client.write("hello").await;
    client.read_until("hello").await;
    drop(client);
    server
        .end(&monitoring, &["CONNECT unmatched 200 success 1"])
        .await;
    assert_eq!(lives(&monitoring, "unmatched").0, 1);
}

/// During the drain delay a WebSocket can still be opened: it is no answer that ends its connection.
#[tokio::test]
async fn a_websocket_that_is_opened_during_the_drain_delay() {
    let builder =
        Monitoring::builder("test").server(|server| server.drain_delay(Duration::from_secs(600)));
    let monitoring = builder.build().expect("a monitoring");
    let mut server = Server::ours(&monitoring, app(&monitoring)).await;
    server.stop();
    eventually("the end of kept connections", async || {
        let mut client = Wire::open(&server).await;
        client
            .write("GET /text HTTP/1.1\r\nhost: shop\r\n\r\n")
            .await;
        let head = client.read_until("\r\n\r\n").await;
        head.contains("connection: close").then_some(()).ok_or(head)
    })
    .await;
    let mut socket = connect(&server).await;
    close(&mut socket).await;
    ended(&monitoring, 1).await;
}
