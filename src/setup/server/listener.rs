//! The own listener, on a thread of its own: a scrape takes no time from the service's runtime.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};

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

const INDEX: &str = "\
/metrics         Prometheus text
/health/live     should the process go on?
/health/ready    should it get requests?
/health/startup  has it started?
";

impl Listener {
    pub(crate) fn open(address: SocketAddr, routes: Router) -> Result<Self, Error> {
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
        let routes = routes.route("/", get(|| async { INDEX }));
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

/// Takes connections for ever, never more than [`CONNECTIONS`] at a time.
async fn accept(mut socket: TcpListener, routes: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let (stream, _peer) = axum::serve::Listener::accept(&mut socket).await;
        let service = TowerToHyperService::new(routes.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            let _ = connection.await; // what a client does wrong ends its connection, no more
            drop(place);
        });
    }
}
