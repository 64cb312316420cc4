//! Serving until told to stop, then draining.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http_body::Body;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tower_service::Service;

use crate::error::Error;
use crate::http;
use crate::setup::monitoring::Monitoring;
use crate::setup::server::drain::{self, now_or_never};
use crate::setup::server::tracked::{Connections, Tracked};
use crate::setup::server::{connection, signal};

/// How long an HTTP/1 connection may be silent before or within a request's head. Longer than the 60 s for which load
/// balancers keep idle connections, so that it is they who close them.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// At most this many connections are accepted at the stop: as many as can wait for it in the listener's queue.
const BACKLOG: usize = 1024;

/// How long requests may take to be dropped at the end of the drain timeout.
const CUT_OFF_TIMEOUT: Duration = Duration::from_secs(1);

/// How long spans that wait may take to be exported at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

impl Monitoring {
    /// Serves an app until SIGTERM or Ctrl-C, and then drains.
    ///
    /// On the signal:
    ///
    /// - `/health/ready` turns 503. During the [`drain_delay`](crate::ServerConfig::drain_delay) requests are still answered, also on
    ///   new connections. Each answer of HTTP/1.1 says `Connection: close`, and connections of HTTP/2 get GOAWAY, so that clients go
    ///   elsewhere before the service is gone.
    /// - Then no new connection is accepted, and idle ones are closed. Requests in flight, requests that have begun to arrive, and
    ///   upgraded connections such as WebSockets have the [`drain_timeout`](crate::ServerConfig::drain_timeout) to finish.
    ///   After it, the connections are closed, and a request that is cut off counts as `timeout`.
    /// - A line of the log says how many connections finished, or how many were still open at the drain timeout.
    ///
    /// A second signal ends the delay, or the wait for connections.
    ///
    /// The app is an axum `Router`, with its state, or one that [`around`](Self::around) measures. Handlers can
    /// extract `ConnectInfo<SocketAddr>`. HTTP/1.1 and HTTP/2 without TLS.
    ///
    /// A connection that is silent for 75 s where a request's head is due is closed. At a stop, a client has
    /// 2 s for the rest of a head. One that stops in the middle of a body can make a stop take the whole drain timeout.
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
        let connections = StoppedWhenDropped(Connections::new());
        let stop = self.drained(stop, Arc::clone(&connections.0));
        let app = http::with_routes_made(app);
        take_connections(listener, app, stop, &connections.0).await;
        connections.0.stop();
        self.stopped(&connections.0).await;
        let parts = &self.0.parts;
        if let Some(lost) = parts.traces.leave(FLUSH_TIMEOUT, signal::stop()).await {
            self.warn(&lost);
        }
        parts.log.finish();
        Ok(())
    }
}

impl Monitoring {
    /// Waits until the service is to stop, and then for the drain delay.
    fn drained(
        &self,
        stop: impl Future<Output = ()> + Send + 'static,
        connections: Arc<Connections>,
    ) -> impl Future<Output = ()> + Send {
        let (health, delay) = (self.health(), self.0.parts.server.drain_delay);
        async move {
            stop.await;
            health.drain();
            if delay.is_zero() {
                return;
            }
            connections.drain();
            self.say(&format!(
                "stopping in {delay:?}: /health/ready answers 503; requests are still answered, and each answer ends its connection"
            ));
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = signal::stop() => {}
            }
        }
    }

    /// Waits until all connections have ended, but no longer than the drain timeout.
    async fn stopped(&self, connections: &Connections) {
        let (at_first, timeout) = (connections.open(), self.0.parts.server.drain_timeout);
        if at_first.all == 0 {
            return self.say("stopped: no connection was open");
        }
        self.say(&format!(
            "stopping: no new connections; {at_first}, with {timeout:?} to finish"
        ));
        let why = tokio::select! {
            biased;
            () = connections.have_ended() => {
                return self.say(&format!("stopped: {} finished", at_first.number()));
            }
            () = tokio::time::sleep(timeout) => format!("at the drain timeout of {timeout:?}"),
            () = signal::stop() => "by a second signal".to_owned(),
        };
        self.warn(&format!("stopped {why}: {}", connections.open()));
        let meter = self.0.parts.meter;
        meter.cuts_off(true);
        connections.cut_off();
        // Requests are recorded as they are dropped, and exported with the rest.
        let _ = tokio::time::timeout(CUT_OFF_TIMEOUT, connections.are_cut_off()).await;
        meter.cuts_off(false); // the service may serve again
    }
}

/// Ends its connections, also when the service is dropped instead of stopped.
struct StoppedWhenDropped(Arc<Connections>);

impl Drop for StoppedWhenDropped {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Takes connections until a future is ready, and then closes the listener.
async fn take_connections<A, B, F>(
    mut listener: TcpListener,
    app: A,
    stop: F,
    connections: &Arc<Connections>,
) where
    A: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    A::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    F: Future<Output = ()>,
{
    let server = server();
    let serve = move |(stream, peer)| {
        let tracked = Tracked::begin(connections);
        let (connection, service) = connection::new(stream, peer, app.clone(), &tracked);
        let serving = server
            .serve_connection_with_upgrades(TokioIo::new(connection), service)
            .into_owned();
        tokio::spawn(drain::serve(serving, tracked));
    };
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            // Waits and tries again where the system has no more descriptors.
            accepted = axum::serve::Listener::accept(&mut listener) => serve(accepted),
            () = &mut stop => break,
        }
    }
    // Those that came before the stop have their requests answered.
    tokio::task::yield_now().await;
    for _ in 0..BACKLOG {
        match now_or_never(listener.accept()).await {
            Some(Ok(accepted)) => serve(accepted),
            _ => return,
        }
    }
}

fn server() -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_TIMEOUT);
    server
        .http2()
        .timer(TokioTimer::new())
        .enable_connect_protocol(); // WebSockets over HTTP/2
    server
}
