//! The own listener, on a thread of its own: a scrape takes no time from the service's runtime.

use std::future::ready;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::routing::get;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};

use crate::error::Error;

/// The own listener; it closes when this is dropped.
pub(crate) struct Listener {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

/// Connections at a time, and with HTTP/1.1 as many answers: what a slow reader makes wait is bounded.
const CONNECTIONS: usize = 64;

/// How long a client may be silent before or within a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection lives, so that whoever reads slowly does not hold its place for ever. A scraper makes a new one.
const LIFETIME: Duration = Duration::from_secs(300);

/// How long the answer may take that is under way when a connection's time is over.
const FAREWELL: Duration = Duration::from_secs(30);

impl Listener {
    /// Opens it. `index` is what `/` answers.
    pub(crate) fn open(address: SocketAddr, routes: Router, index: String) -> Result<Self, Error> {
        let failed = |error: std::io::Error| {
            let why = format!(
                "cannot listen on {address} for /metrics and /health: {error}; choose another address with \
                 `.listen(…)` or OTEL_EXPORTER_PROMETHEUS_PORT, or none with `.without_listener()`"
            );
            Error::listener(why, error)
        };
        let socket = std::net::TcpListener::bind(address).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let (stop, stopped) = oneshot::channel();
        let routes = routes.route("/", get(move || ready(index.clone())));
        std::thread::Builder::new()
            .name("monitoring".to_owned())
            .spawn(move || runtime.block_on(serve(socket, routes, stopped)))
            .map_err(failed)?;
        Ok(Self {
            address,
            _stop: stop,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(socket: std::net::TcpListener, routes: Router, stopped: oneshot::Receiver<()>) {
    let socket = match TcpListener::from_std(socket) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::error!(%error, "the monitoring listener failed");
            return;
        }
    };
    tokio::select! {
        () = accept(socket, routes) => {}
        _ = stopped => {} // the sender is gone
    }
}

/// How long a connection may take.
#[derive(Clone, Copy)]
struct Patience {
    head: Duration,
    lifetime: Duration,
    keeps_alive: bool,
}

impl Patience {
    const USUAL: Self = Self {
        head: HEAD_TIMEOUT,
        lifetime: LIFETIME,
        keeps_alive: true,
    };

    /// When half of the places are taken, the others serve one request each and are soon free again: probes get one.
    const CROWDED: Self = Self {
        head: Duration::from_secs(2),
        lifetime: Duration::from_secs(30),
        keeps_alive: false,
    };

    fn with(free: usize) -> Self {
        match free > CONNECTIONS / 2 {
            true => Self::USUAL,
            false => Self::CROWDED,
        }
    }
}

/// Takes connections for ever, never more than [`CONNECTIONS`] at a time.
async fn accept(mut socket: TcpListener, routes: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let (stream, peer) = axum::serve::Listener::accept(&mut socket).await;
        let patience = Patience::with(places.available_permits());
        let routes = routes.clone().layer(Extension(ConnectInfo(peer)));
        tokio::spawn(async move {
            talk(stream, routes, patience).await;
            drop(place);
        });
    }
}

/// Answers on one connection. What a client does wrong ends it, no more.
async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin, routes: Router, patience: Patience) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .keep_alive(patience.keeps_alive)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    let mut connection = pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        () = sleep(patience.lifetime) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(FAREWELL, connection).await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::Instant;

    use super::*;

    fn routes() -> Router {
        Router::new().route("/", get(|| async { "x".repeat(1_000_000) }))
    }

    /// A client that reads a byte a second would else hold its place for days.
    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_cut_off() {
        let (mut client, server) = duplex(64);
        let start = Instant::now();
        let talk = tokio::spawn(talk(server, routes(), Patience::USUAL));
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut read = 0;
        while client.read_u8().await.is_ok() {
            read += 1;
            sleep(Duration::from_secs(1)).await;
        }
        talk.await.unwrap();
        assert!(read < 1_000);
        let took = start.elapsed();
        assert!(
            (LIFETIME..LIFETIME + 10 * FAREWELL).contains(&took),
            "{took:?}"
        );
    }

    /// An answer that is under way when the connection's time is over still comes whole.
    #[tokio::test(start_paused = true)]
    async fn a_connection_ends_between_two_answers() {
        let (mut client, server) = duplex(64);
        let talk = tokio::spawn(talk(server, routes(), Patience::USUAL));
        let mut answers = 0;
        let end = loop {
            let request = client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
            let mut answer = vec![0; 1_000_000];
            let mut head = Vec::new();
            while request.is_ok() && !head.ends_with(b"\r\n\r\n") {
                match client.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            if head.is_empty() {
                break Instant::now();
            }
            client.read_exact(&mut answer).await.unwrap();
            answers += 1;
            sleep(Duration::from_secs(20)).await;
        };
        talk.await.unwrap();
        assert!(answers >= 10, "{answers} until {end:?}");
    }

    /// However many connections say nothing, a probe is answered.
    #[tokio::test]
    async fn silent_connections_do_not_keep_probes_out() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let serving = tokio::spawn(accept(socket, routes()));
        let mut silent = Vec::new();
        for _ in 0..2 * CONNECTIONS {
            silent.push(tokio::net::TcpStream::connect(address).await.unwrap());
        }
        let mut probe = tokio::net::TcpStream::connect(address).await.unwrap();
        probe
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut start = [0; 12];
        let read = timeout(HEAD_TIMEOUT / 2, probe.read_exact(&mut start)).await;
        read.expect("not after those that wait for their time")
            .unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
        serving.abort();
        drop(silent);
    }
}
