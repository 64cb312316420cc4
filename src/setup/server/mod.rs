//! What needs a runtime: the own listener, serving with a drain, signals.

mod connection;
mod control;
mod drain;
mod listener;
mod serve;
mod signal;
mod tracked;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::routing::{any, get};

use crate::error::Error;
use crate::health::Health;
use crate::scrape::Scrape;
use crate::setup::builder::MonitoringBuilder;
use crate::setup::monitoring::{Inner, Monitoring, Parts};
use crate::trace::has_reader;

pub(crate) use listener::Listener;

impl MonitoringBuilder {
    /// Where `/metrics` and `/health/*` are served. Default: 127.0.0.1:9464, or as
    /// `OTEL_EXPORTER_PROMETHEUS_HOST` and `_PORT` say.
    ///
    /// Port 0 takes a free one; [`Monitoring::listen_addr`] tells it. Whoever reaches this address can read the
    /// metrics: do not open it to the world.
    pub fn listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.listen = Some(address.into());
        self
    }

    /// No admin listener, whatever [`listen`](Self::listen) says: merge [`Monitoring::routes`] into the app instead. Then there is no `/control`.
    pub fn without_listener(mut self) -> Self {
        self.without_listener = true;
        self
    }

    /// How long the service goes on taking requests after it was told to stop, with `/health/ready` at 503. Default: 0.
    ///
    /// Behind a load balancer, give it the time to notice: in Kubernetes some 5 s, more than it takes for the readiness
    /// probe to fail and for that to spread. Without, each deploy refuses some connections.
    ///
    /// Each answer during the delay ends its connection (`Connection: close`, or GOAWAY by HTTP/2), so that clients which keep
    /// connections move on as well.
    pub fn drain_delay(mut self, delay: Duration) -> Self {
        self.drain_delay = delay;
        self
    }

    /// How long requests in flight and upgraded connections, such as WebSockets, may take when the service stops. Default: 25 s, so
    /// that it ends before Kubernetes' 30 s.
    ///
    /// A WebSocket that its handler does not close takes all of it.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }
}

impl Monitoring {
    pub(crate) fn start(parts: Parts) -> Result<Self, Error> {
        let scrape = Scrape::new((!parts.disabled).then_some(parts.meter.registry));
        let listen = parts.listen;
        let monitoring = Self(Arc::new(Inner {
            handles: AtomicUsize::new(1),
            health: Health::default(),
            scrape,
            listener: OnceLock::new(),
            parts,
        }));
        if let Some(address) = listen {
            let routes = monitoring.routes().merge(monitoring.control());
            let listener = Listener::open(address, routes, monitoring.index())?;
            let _ = monitoring.0.listener.set(listener);
        }
        Ok(monitoring)
    }

    /// What `/` of the admin listener answers: each path that it serves, and what for.
    fn index(&self) -> String {
        let is_controlled = self.0.parts.control_token.is_some();
        let control = is_controlled.then_some((
            "/control",
            "the log filter and the share of traces, to read and to change; needs the token",
        ));
        let pages = [
            (
                "/metrics",
                "metrics, in the format that Prometheus asks for",
            ),
            (
                "/health/live",
                "liveness: 503 when the process should be restarted",
            ),
            (
                "/health/ready",
                "readiness: 503 while it should get no requests",
            ),
            (
                "/health/startup",
                "start-up: 503 until the service has started",
            ),
        ];
        let lines = pages.into_iter().chain(control);
        lines
            .map(|(path, what)| format!("{path:<17}{what}\n"))
            .collect()
    }

    /// `/metrics`, `/health/live`, `/health/ready` and `/health/startup`, to be merged into the app.
    ///
    /// The own listener serves the same. In the app they are public unless you protect them.
    ///
    /// ```
    /// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build().unwrap();
    /// let app: axum::Router = axum::Router::new().merge(monitoring.routes());
    /// ```
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let (scrape, health) = (self.0.scrape.clone(), self.health());
        let (live, ready, startup) = (health.clone(), health.clone(), health);
        Router::new()
            .route(
                "/metrics",
                any(move |request| scrape.clone().answer(request)),
            )
            .route("/health/live", get(move || live.clone().answer_live()))
            .route("/health/ready", get(move || ready.clone().answer_ready()))
            .route(
                "/health/startup",
                get(move || startup.clone().answer_startup()),
            )
    }

    /// The checks behind `/health/*`.
    pub fn health(&self) -> Health {
        self.0.health.clone()
    }

    /// Where the own listener listens, with its real port; `None` when there is none.
    pub fn listen_addr(&self) -> Option<SocketAddr> {
        self.0.listener.get().map(Listener::address)
    }

    /// Has liveness ask whether the runtime still works.
    pub(crate) fn watch_runtime(&self) {
        if tokio::runtime::Handle::try_current().is_ok() {
            let check = || std::future::ready(Ok::<(), Infallible>(()));
            // The first check that there is: its name is free.
            let _ = self.health().live("runtime", check);
        }
    }

    /// Says in one line what is exposed where.
    pub(crate) fn announce(&self) {
        let name = &self.0.parts.service_name;
        let what = match (self.0.parts.disabled, self.listen_addr()) {
            (true, _) => "disabled by OTEL_SDK_DISABLED: nothing is recorded, and only what the service logs itself is written".to_owned(),
            (false, Some(address)) => {
                format!("http://{address}/metrics and /health/live, /health/ready, /health/startup")
            }
            (false, None) => "no listener: merge `monitoring.routes()` into the app".to_owned(),
        };
        self.say(&format!("monitoring {name}: {what}"));
    }

    /// Logs something about the service's life: through `tracing` where a subscriber is installed, else to standard error, unless the
    /// service wants no log.
    pub(crate) fn say(&self, what: &str) {
        if has_reader() {
            tracing::info!("{what}");
        } else if !self.0.parts.is_quiet {
            eprintln!("{what}");
        }
    }
}
