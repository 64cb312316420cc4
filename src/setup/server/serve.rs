//! Serving until told to stop, then draining.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::Future;

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http_body::Body;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_service::Service;

use crate::error::Error;
use crate::setup::monitoring::Monitoring;
use crate::setup::server::connection::{Connections, Socket};
use crate::setup::server::signal;

impl Monitoring {
    /// Serves an app until SIGTERM or Ctrl-C, and then drains.
    ///
    /// On the signal `/health/ready` turns 503 and no connection is taken any more; requests in flight get
    /// [`drain_timeout`](crate::MonitoringBuilder::drain_timeout) to finish. A second signal ends that time.
    ///
    /// The app is an axum `Router`, with its state, or one that [`around`](Self::around) measures. Handlers can
    /// extract `ConnectInfo<SocketAddr>`. HTTP/1.1 and HTTP/2 without TLS.
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
        let (stopping, mut stopped) = watch::channel(false);
        let monitoring = self.clone();
        let drain = async move {
            stop.await;
            monitoring.health().drain();
            tracing::info!("stopping: no new connections, requests in flight finish");
            let _ = stopping.send(true);
        };
        let serving = axum::serve(Socket(listener), Connections(app)).with_graceful_shutdown(drain);
        let deadline = async {
            let _ = stopped.wait_for(|stopped| *stopped).await;
            tokio::select! {
                () = tokio::time::sleep(self.0.parts.drain_timeout) => {}
                () = signal::stop() => {}
            }
        };
        tokio::select! {
            _ = serving => tracing::info!("stopped: every request has finished"),
            () = deadline => tracing::warn!("stopped before every request had finished"),
        }
        Ok(())
    }
}
