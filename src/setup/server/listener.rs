//! The own listener, on a thread of its own: a scrape takes no time from the service's runtime.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use tokio::sync::oneshot;

use crate::error::Error;

/// The own listener; it closes when this is dropped.
pub(crate) struct Listener {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

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
    let socket = match tokio::net::TcpListener::from_std(socket) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::error!(%error, "the monitoring listener failed");
            return;
        }
    };
    tokio::select! {
        _ = axum::serve(socket, routes) => {}
        _ = stopped => {} // the sender is gone
    }
}
