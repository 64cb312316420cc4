//! Serving until told to stop, then draining.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http_body::Body;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tower_service::Service;

use crate::error::Error;
use crate::http;
use crate::setup::monitoring::Monitoring;
use crate::setup::server::{connection, say, signal};

/// How long an HTTP/1 connection may be silent before or within a request's head. Longer than the 60 s for which load
/// balancers keep idle connections, so that it is they who close them.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// How long spans that wait may take to be exported at the end.
#[cfg(any(feature = "logs", feature = "traces"))]
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

impl Monitoring {
    /// Serves an app until SIGTERM or Ctrl-C, and then drains.
    ///
    /// On the signal `/health/ready` turns 503. After the [`drain_delay`](crate::MonitoringBuilder::drain_delay) no
    /// connection is taken any more, and requests in flight get the
    /// [`drain_timeout`](crate::MonitoringBuilder::drain_timeout) to finish. A second signal cuts either short.
    ///
    /// The app is an axum `Router`, with its state, or one that [`around`](Self::around) measures. Handlers can
    /// extract `ConnectInfo<SocketAddr>`. HTTP/1.1 and HTTP/2 without TLS.
    ///
    /// A connection that is silent for 75 s where a request's head is due is closed. A client that stops in the middle
    /// of a head or body can make a stop take the whole drain timeout.
    ///
    /// # Errors
    ///
    /// When the listener has no address, which means that it is closed.
    pub async fn serve<A, B>(&self, listener: TcpListener, app: A) -> Result<(), Error>
    where
        A: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        A::Future: Send,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.serve_until(listener, app, signal::stop()).await
    }

    /// Serves an app until a future is ready, and then drains as [`serve`](Self::serve) does.
    ///
    /// # Errors
    ///
    /// As for [`serve`](Self::serve).
    pub async fn serve_until<A, B, F>(
        &self,
        listener: TcpListener,
        app: A,
        stop: F,
    ) -> Result<(), Error>
    where
        A: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        A::Future: Send,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
        F: Future<Output = ()> + Send + 'static,
    {
        listener
            .local_addr()
            .map_err(|error| Error::listener("the service's listener is closed", error))?;
        let (health, delay) = (self.health(), self.0.parts.drain_delay);
        let stop = async move {
            stop.await;
            health.drain();
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = signal::stop() => {}
            }
        };
        let open = take_connections(listener, http::with_routes_made(app), stop).await;
        say("stopping: no new connections, those that are open finish");
        tokio::select! {
            () = open.shutdown() => say("stopped: every connection has finished"),
            () = tokio::time::sleep(self.0.parts.drain_timeout) => {
                say("stopped at the drain timeout: some connections, such as streams, were still open");
            }
            () = signal::stop() => say("stopped by a second signal: some connections were still open"),
        }
        #[cfg(any(feature = "logs", feature = "traces"))]
        self.leave(FLUSH_TIMEOUT, signal::stop()).await;
        Ok(())
    }
}

/// Takes connections until a future is ready, and then closes the listener. Returns those that are open.
async fn take_connections<A, B, F>(mut listener: TcpListener, app: A, stop: F) -> GracefulShutdown
where
    A: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    A::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    F: Future<Output = ()>,
{
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_TIMEOUT);
    server
        .http2()
        .timer(TokioTimer::new())
        .enable_connect_protocol(); // WebSockets over HTTP/2
    let open = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            // Waits and tries again where the system has no more descriptors.
            accepted = axum::serve::Listener::accept(&mut listener) => accepted,
            () = &mut stop => return open,
        };
        let (connection, service) = connection::of(stream, peer, app.clone());
        let serving = server
            .serve_connection_with_upgrades(TokioIo::new(connection), service)
            .into_owned();
        let serving = open.watch(serving);
        tokio::spawn(async move {
            let _ = serving.await; // what a client does wrong ends its connection, no more
        });
    }
}
