//! The value that a service holds: layer, registry, health, listener and shutdown.

#[cfg(feature = "logs")]
use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
#[cfg(any(feature = "logs", feature = "traces"))]
use std::time::Duration;

#[cfg(feature = "logs")]
use crate::authentication::Authentication;
#[cfg(feature = "business")]
use crate::business::BusinessBuilder;
#[cfg(feature = "logs")]
use crate::database::Query;
use crate::error::Error;
#[cfg(any(feature = "logs", feature = "traces"))]
use crate::error::{FlushError, Unflushed};
use crate::http::{ClientLayer, Monitor, MonitorLayer};
#[cfg(feature = "logs")]
use crate::logs::LogLayer;
use crate::metrics::Registry;
use crate::observe::Meter;
use crate::resources::{Cache, Connections, Pool, QueueState, Resources};
use crate::setup::builder::MonitoringBuilder;
use crate::setup::ending;
use crate::setup::logs::Log;
use crate::setup::server::Settings;
use crate::setup::service::{self, Service};
use crate::setup::traces::Traces;
#[cfg(any(feature = "business", feature = "logs"))]
use crate::setup::user_hash::UserHashKey;
use crate::setup::variables::Variables;

/// A service's monitoring: make it once in `main`, clone it where it is needed.
///
/// ```no_run
/// # #[cfg(all(feature = "server", feature = "macros"))]
/// # mod service {
/// use axum::{Router, routing::get};
/// use ecolaura_monitoring::{Monitoring, monitor};
///
/// #[monitor("/api/v1/products")]
/// async fn get_products() -> &'static str { "[]" }
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let monitoring = Monitoring::init("ecolaura-api")?;
///     let app = Router::new()
///         .route("/api/v1/products", get(get_products))
///         .layer(monitoring.layer());
///     monitoring.serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?;
///     Ok(())
/// }
/// # }
/// ```
///
/// What is recorded is kept as long as the process lives, and so is the own listener of what
/// [`init`](Self::init) made. What [`build`](MonitoringBuilder::build) made closes its listener with the last clone.
///
/// The drop of the last clone waits up to two seconds for spans to be sent and half a second for lines to be written, and says how many spans
/// were not sent, to where, and why. So hold a value in `main` until it returns: in the state of the app, or in a variable. On a runtime that must
/// not wait, [`flush`](Self::flush) before. What `init` made goes on after that, and does the same again when the thread that called `init` ends,
/// where the platform tells that: on Linux with glibc also of the main thread. A process that ends by `std::process::exit`, by a signal or
/// by `abort` has to [`flush`](Self::flush) before.
#[must_use = "without its layer no request is measured"]
pub struct Monitoring(pub(crate) Arc<Inner>);

/// What `init` made.
static KEPT: OnceLock<Monitoring> = OnceLock::new();

pub(crate) struct Inner {
    /// Values of [`Monitoring`] that there are of it.
    pub(crate) handles: AtomicUsize,
    pub(crate) parts: Parts,
    #[cfg(feature = "server")]
    pub(crate) health: crate::health::Health,
    #[cfg(feature = "server")]
    pub(crate) scrape: crate::scrape::Scrape,
    #[cfg(feature = "server")]
    pub(crate) listener: std::sync::OnceLock<crate::setup::server::Listener>,
}

/// What the builder hands over.
pub(crate) struct Parts {
    pub(crate) service: Service,
    pub(crate) meter: &'static Meter,
    pub(crate) resources: &'static Resources,
    #[cfg(feature = "metrics")]
    pub(crate) recorder: crate::metrics::bridge::facade::Recorder,
    pub(crate) traces: Traces,
    pub(crate) log: Log,
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) server: Settings,
    #[cfg(any(feature = "business", feature = "logs"))]
    pub(crate) user_hash_key: UserHashKey,
}

impl Monitoring {
    /// Starts monitoring this process under a name.
    ///
    /// Opens the own listener at 127.0.0.1:9464 for `/metrics` and `/health/*`, and says so in one line. The
    /// name wins over `OTEL_SERVICE_NAME`; `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SDK_DISABLED` and
    /// `OTEL_EXPORTER_PROMETHEUS_HOST` and `_PORT`, `OTEL_PROPAGATORS` and `OTEL_METRICS_EXEMPLAR_FILTER` are read. With the feature `traces`
    /// spans are sent by OTLP over HTTP, or with the feature `grpc` over gRPC, as `OTEL_TRACES_*`, `OTEL_EXPORTER_OTLP_*`, `OTEL_BSP_*` and the
    /// span limits say.
    ///
    /// With the feature `logs` it installs a subscriber of `tracing` and a logger of the crate `log`, which write to standard output what
    /// `RUST_LOG` asks for (`OTEL_LOGS_EXPORTER` has it go elsewhere). Where a subscriber is installed already it is left alone,
    /// and no lines are written; one that is installed afterwards by its `init` panics: see
    /// [`without_subscriber`](crate::LogsConfig::without_subscriber). A process that ends by `std::process::exit` should
    /// [`flush`](Self::flush) before.
    ///
    /// It also installs a panic hook: each panic is one line of the log, without secrets, with the place of the panic as its origin. Where the
    /// log leaves panics out, cannot take the line or does not go to standard output, the same goes to standard error. The standard library's
    /// own hook does not run any more, since it prints the message as it is. A hook that the service installed before `init` runs after ours, and
    /// prints what it prints, secrets too; one that is installed after it replaces ours unless it calls what `take_hook` gave it. With
    /// [`without_logs`](MonitoringBuilder::without_logs) no hook is installed.
    ///
    /// # Errors
    ///
    /// See [`MonitoringBuilder::init`].
    pub fn init(service_name: impl Into<String>) -> Result<Self, Error> {
        Self::builder(service_name).init()
    }

    /// Starts monitoring this process under the name in `OTEL_SERVICE_NAME`, or else the `service.name` of
    /// `OTEL_RESOURCE_ATTRIBUTES`.
    ///
    /// # Errors
    ///
    /// As for [`init`](Self::init), and when neither variable holds a name.
    pub fn from_env() -> Result<Self, Error> {
        // What there is to warn of `init` warns of.
        let name = service::name_of_environment(&Variables::of_process());
        Self::init(name.unwrap_or_default())
    }

    /// Every choice there is.
    pub fn builder(service_name: impl Into<String>) -> MonitoringBuilder {
        MonitoringBuilder::new(service_name.into())
    }

    /// The layer that measures every request; see [`http`](crate::http).
    ///
    /// For axum's `Router::layer` and for any tower service of HTTP. Keep it outermost: add it last. It does not see routes that are added
    /// after it, and [`MonitorLayer::routes`] names what axum matches no route for, such as static files.
    pub fn layer(&self) -> MonitorLayer {
        MonitorLayer::new(self.recording())
    }

    /// Measures every request of a service, from outside of all routing.
    ///
    /// Cheaper than [`layer`](Self::layer) on an axum router, which boxes each layer's service, future and body
    /// once more for each request. The endpoint's name comes from inside: from the `#[monitor]` that the handler
    /// carries, from a `layer` on the route, or from [`Monitor::routes`]; else it is `unmatched`.
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build().unwrap();
    /// let router: axum::Router = axum::Router::new();
    /// let app = monitoring.around(router);
    /// # }
    /// ```
    pub fn around<S: 'static>(&self, service: S) -> Monitor<S> {
        Monitor::around(self.recording(), service)
    }

    /// The layer for requests to another service, under a name of its own such as `payments`: that is the label `peer`, never the address.
    ///
    /// For any tower service of HTTP, such as a client of `hyper-util`, and with the feature `reqwest` for a client of `reqwest` 0.13, which
    /// then is a service of that crate's requests. A request takes the trace along that it is made in (`traceparent`,
    /// `tracestate`) and the [`Baggage`](crate::Baggage), each unless it has that header already, and has a client span in the trace. Its time until the head of the answer is observed in
    /// `http_client_request_duration_seconds`, with the status, or `error`, `timeout` or `cancelled` where there is none. What is told of
    /// the address is without query and user name.
    ///
    /// ```
    /// # #[cfg(feature = "reqwest")]
    /// # async fn service(monitoring: ecolaura_monitoring::Monitoring) -> Result<(), reqwest::Error> {
    /// use tower::{Layer as _, Service as _};
    ///
    /// let client = reqwest::Client::new();
    /// let mut payments = monitoring.client_layer("payments").layer(client.clone());
    /// let answer = payments.call(client.get("http://payments/open").build()?).await?;
    /// # let _ = answer;
    /// # Ok(()) }
    /// ```
    ///
    /// Make it once for each service and keep it: what it records to is kept as long as the process lives.
    ///
    /// ```
    /// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
    /// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
    /// use tower::{Layer as _, service_fn};
    /// # let client = service_fn(async |_: http::Request<String>| Ok::<_, std::io::Error>(http::Response::new(String::new())));
    ///
    /// let payments = monitoring.client_layer("payments").layer(client);
    /// # let _ = payments;
    /// # Ok(()) }
    /// ```
    pub fn client_layer(&self, peer: impl Into<String>) -> ClientLayer {
        let peer = self.recording().map(|meter| meter.peer(peer.into()));
        ClientLayer::new(peer)
    }

    /// Runs a future as a query of a database, under a name such as `SELECT products`: what it does and to what, as OpenTelemetry's
    /// `db.query.summary`, never a value.
    ///
    /// What resolves to an `Err` has failed, and has a line of level error: ask for what may not be there by `fetch_optional`, whose `None` is no
    /// failure.
    ///
    /// Its first word is the label `operation`; one that is not known to SQL becomes `_OTHER`. See [`database`](crate::database).
    ///
    /// ```
    /// # async fn service() -> Result<(), std::io::Error> {
    /// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build().unwrap();
    /// # async fn fetch_all() -> Result<Vec<String>, std::io::Error> { Ok(Vec::new()) }
    /// let products = monitoring.query("SELECT products", fetch_all()).await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "logs")]
    pub fn query<F, T, E>(&self, name: impl Into<String>, query: F) -> Query<F>
    where
        F: Future<Output = Result<T, E>>,
        E: Display,
    {
        Query::new(self.recording(), name.into(), query)
    }

    /// The layer that writes lines, for a subscriber of the service's own; `None` where no lines are written.
    ///
    /// ```
    /// use ecolaura_monitoring::{Monitoring, TracingLayer};
    /// use tracing_subscriber::filter::LevelFilter;
    /// use tracing_subscriber::layer::SubscriberExt as _;
    ///
    /// # fn main() -> Result<(), ecolaura_monitoring::Error> {
    /// let monitoring = Monitoring::builder("shop")
    ///     .logs(|logs| logs.without_subscriber())
    ///     .build()?;
    /// let subscriber = tracing_subscriber::registry()
    ///     .with(LevelFilter::INFO)
    ///     .with(monitoring.log_layer())
    ///     .with(TracingLayer::new());
    /// # let _ = subscriber;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "logs")]
    pub fn log_layer(&self) -> Option<LogLayer> {
        self.0.parts.log.logs().map(LogLayer)
    }

    /// Where attempts to authenticate are recorded; see [`authentication`](crate::authentication).
    #[cfg(feature = "logs")]
    pub fn authentication(&self) -> Authentication {
        Authentication::new(self.recording(), self.0.parts.user_hash_key.or_random())
    }

    /// What the service is for, in numbers: users, sign-ups, orders, money, boxes; see [`business`](crate::business).
    #[cfg(feature = "business")]
    pub fn business(&self) -> BusinessBuilder {
        BusinessBuilder::new(self.recording(), self.0.parts.user_hash_key.given())
    }

    /// Watches a pool of connections under a name, such as that of its database: `db_pool_connections`, `db_pool_connections_max`,
    /// `db_pool_waiting`; see [`resources`](crate::resources).
    ///
    /// # Errors
    ///
    /// When there is a pool of this name already, or it cannot be one. The text says what to do.
    pub fn pool(&self, name: impl AsRef<str>, pool: impl Pool) -> Result<Connections, Error> {
        match self.recording() {
            Some(_) => self.0.parts.resources.pool(name.as_ref(), pool),
            None => Ok(Connections::unwatched()),
        }
    }

    /// Watches a queue under a name: `queue_depth`, and `queue_capacity` where it is bounded; see [`resources`](crate::resources).
    ///
    /// ```
    /// # fn main() -> Result<(), ecolaura_monitoring::Error> {
    /// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// static WAITING: AtomicUsize = AtomicUsize::new(0); // or what the queue itself says
    /// monitoring.queue("emails", || WAITING.load(Ordering::Relaxed))?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When there is a queue of this name already, or it cannot be one. The text says what to do.
    pub fn queue<S: Into<QueueState>>(
        &self,
        name: impl AsRef<str>,
        state: impl Fn() -> S + Send + Sync + 'static,
    ) -> Result<(), Error> {
        match self.recording() {
            Some(_) => self.0.parts.resources.queue(name.as_ref(), state),
            None => Ok(()),
        }
    }

    /// Counts what a cache answers, under a name: `cache_requests_total`; see [`resources`](crate::resources).
    ///
    /// # Errors
    ///
    /// When there is a cache of this name already, or it cannot be one. The text says what to do.
    pub fn cache(&self, name: impl AsRef<str>) -> Result<Cache, Error> {
        let registry = self.recording().map(|meter| meter.registry);
        Cache::new(registry, name.as_ref())
    }

    /// Where the service's own metrics are registered.
    pub fn metrics(&self) -> Registry {
        self.meter().registry
    }

    pub(crate) fn meter(&self) -> &'static Meter {
        self.0.parts.meter
    }

    /// The meter, unless telemetry is disabled.
    pub(crate) fn recording(&self) -> Option<&'static Meter> {
        (!self.0.parts.service.is_disabled).then_some(self.meter())
    }

    /// Exports the spans and writes the lines that wait, within this time. Where lines were lost since the last time, it logs that as well.
    ///
    /// [`serve`](Self::serve) does it at its end. Works on any runtime of tokio that has its timer enabled.
    ///
    /// # Errors
    ///
    /// When not all of them left in time, or a collector refused some.
    #[cfg(any(feature = "logs", feature = "traces"))]
    pub async fn flush(&self, within: Duration) -> Result<(), FlushError> {
        let parts = &self.0.parts;
        let both = async { tokio::join!(parts.traces.flush(within), parts.log.flush()) };
        Err(FlushError(match tokio::time::timeout(within, both).await {
            Ok((true, true)) => return Ok(()),
            Ok((false, true)) => Unflushed::Spans,
            Ok((true, false)) => Unflushed::Lines,
            Ok((false, false)) => Unflushed::Both,
            Err(_) => Unflushed::Unknown,
        }))
    }

    /// Exports the spans and writes the lines that wait, and blocks for at most some 2.6 seconds, and not at all where none wait.
    pub(crate) fn finish(&self) {
        self.0.parts.traces.finish();
        self.0.parts.log.finish();
    }

    /// What `init` made.
    pub(crate) fn kept() -> Option<&'static Self> {
        KEPT.get()
    }

    /// Keeps it as long as the process lives.
    pub(crate) fn keep(&self) {
        let _ = KEPT.set(self.clone());
        ending::finish_with_thread();
    }

    /// Warns of what is not as the service may expect: in its log, else through `tracing` where a subscriber is installed, else on standard
    /// error.
    pub(crate) fn warn(&self, what: &str) {
        if self.0.parts.log.warn(what) {
            return;
        }
        #[cfg(feature = "server")]
        if crate::trace::has_reader() {
            return tracing::warn!("{what}");
        }
        eprintln!("{what}");
    }

    /// What the macros of the `metrics` crate can record to, where this is not the monitoring of the process: in tests.
    ///
    /// [`init`](Self::init) installs it for the process. When telemetry is disabled it records nothing.
    ///
    /// ```
    /// # fn main() -> Result<(), ecolaura_monitoring::Error> {
    /// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
    /// metrics::with_local_recorder(&monitoring.metrics_recorder(), || {
    ///     metrics::counter!("parcels_sent", "carrier" => "bike").increment(1);
    /// });
    /// let text = monitoring.metrics().render();
    /// assert!(text.contains("parcels_sent{carrier=\"bike\"} 1"));
    /// # Ok(()) }
    /// ```
    ///
    /// - **Counters** are best named with `_total` at the end: without, they have no type in OpenMetrics.
    /// - **Names** and label names are shown as they are to scrapers that take any, such as Prometheus 3 unless it asks for protobuf (with
    ///   native histograms), and else made identifiers: `a.b` is
    ///   `a_b`. A family whose name is taken by then, or that is recorded as another kind, is left out and counted in
    ///   `monitoring_families_refused_total`.
    /// - **Labels**: an empty value is no label. `le` of a histogram and names that start with `__` get `exported_` before them.
    /// - **Histograms** are in seconds or bytes, with the buckets for it, when they are described so before their first use, or not described
    ///   with a unit and named `…_seconds`, `….seconds`, `…_bytes` or `….bytes`. All others have the buckets 1 to 1000 and keep values to a
    ///   millionth. Nothing is rescaled.
    /// - **Bounds**: beyond [`max_series`](crate::MetricsConfig::max_series) label sets a family records in one series whose labels are
    ///   `_overflow`; beyond as many families a new one is not recorded.
    #[cfg(feature = "metrics")]
    pub fn metrics_recorder(&self) -> impl metrics::Recorder + Copy + Send + Sync + use<> {
        self.0.parts.recorder
    }

    /// Has the macros of the `metrics` crate record here, if nobody else does that and anything is recorded.
    #[cfg(feature = "metrics")]
    pub(crate) fn become_recorder(&self) {
        let parts = &self.0.parts;
        if !parts.service.is_disabled && metrics::set_global_recorder(parts.recorder).is_err() {
            self.warn(
                "another recorder of the `metrics` crate is installed already: what its macros record does not appear in /metrics",
            );
        }
    }

    /// Our families as a collector for a `prometheus::Registry`, for services that expose one themselves.
    ///
    /// It holds the families that are registered now; register it last.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
    /// prometheus::Registry::new().register(Box::new(monitoring.as_prometheus_collector()))?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "prometheus")]
    pub fn as_prometheus_collector(&self) -> impl prometheus::core::Collector + use<> {
        crate::metrics::bridge::prometheus::Exported::new(self.metrics())
    }
}

impl std::fmt::Debug for Monitoring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitoring")
            .field("service_name", &self.0.parts.service.name)
            .field("disabled", &self.0.parts.service.is_disabled)
            .finish_non_exhaustive()
    }
}

impl Clone for Monitoring {
    fn clone(&self) -> Self {
        self.0.handles.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

/// A service that ends without [`Monitoring::serve`] has its last spans sent and its last lines written too, such as the one that says why it ends.
impl Drop for Monitoring {
    fn drop(&mut self) {
        // The last one besides that which is kept.
        let is_last = self.0.handles.fetch_sub(1, Ordering::AcqRel) == 2;
        if is_last && Self::kept().is_some_and(|kept| Arc::ptr_eq(&kept.0, &self.0)) {
            self.finish();
        }
    }
}
