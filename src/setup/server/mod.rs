//! What needs a runtime: the own listener, serving with a drain, signals.

mod address;
pub(super) mod config;
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

use axum::Router;
use axum::routing::{any, get};

use crate::error::Error;
use crate::health::Health;
use crate::scrape::Scrape;
use crate::setup::monitoring::{Inner, Monitoring, Parts};
use crate::trace::has_reader;

pub(crate) use config::Settings;
pub(crate) use listener::Listener;

impl Monitoring {
    pub(crate) fn start(parts: Parts) -> Result<Self, Error> {
        let scrape = Scrape::new((!parts.service.is_disabled).then_some(parts.meter.registry));
        let listen = parts.server.listen;
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
        let is_controlled = self.0.parts.server.control_token.is_some();
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
        let name = &self.0.parts.service.name;
        let what = match (self.0.parts.service.is_disabled, self.listen_addr()) {
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
        } else if !self.0.parts.log.is_off() {
            eprintln!("{what}");
        }
    }
}
