//! The builder: every choice of a service, each with its default.

#[cfg(feature = "server")]
use std::net::SocketAddr;

use crate::error::Error;
use crate::observe::Meter;
use crate::setup::http::config::HttpConfig;
use crate::setup::logs::config::LogsConfig;
use crate::setup::metrics::config::MetricsConfig;
use crate::setup::monitoring::{Monitoring, Parts};
#[cfg(any(feature = "business", feature = "logs"))]
use crate::setup::secret::Secret;
use crate::setup::server::config::ServerConfig;
use crate::setup::service::{Identity, Service};
use crate::setup::start::Start;
use crate::setup::system;
use crate::setup::traces::config::TracesConfig;
#[cfg(any(feature = "business", feature = "logs"))]
use crate::setup::user_hash::UserHashKey;
use crate::setup::variables::Variables;

/// Every choice of a service; get it from [`Monitoring::builder`].
///
/// Each signal has a configuration of its own, which a closure changes:
///
/// ```
/// use ecolaura_monitoring::{Monitoring, Sampling};
///
/// # #[cfg(feature = "full")]
/// # fn builder() -> ecolaura_monitoring::MonitoringBuilder {
/// Monitoring::builder("shop")
///     .version(env!("CARGO_PKG_VERSION"))
///     .listen(([0, 0, 0, 0], 9464))
///     .metrics(|metrics| metrics.max_series(5_000))
///     .traces(|traces| traces.sampling(Sampling::ratio(0.1)))
///     .logs(|logs| logs.filter("info,hyper=warn"))
/// # }
/// ```
///
/// What is set here wins over the environment, as OpenTelemetry has it. In the environment an unknown word, or a number or boolean that cannot be
/// read, is warned of at start and counts as not set; here whatever is wrong is an error.
///
/// The order of calls does not matter. Of two calls of one method the last counts, of
/// [`resource_attribute`](Self::resource_attribute) those for one key; what is `without_` something wins over all that is said of it.
#[derive(Debug)]
#[must_use = "call `init` or `build`"]
pub struct MonitoringBuilder {
    identity: Identity,
    http: HttpConfig,
    metrics: MetricsConfig,
    traces: TracesConfig,
    logs: LogsConfig,
    server: ServerConfig,
    #[cfg(any(feature = "business", feature = "logs"))]
    user_hash_key: Option<Secret>,
}

impl MonitoringBuilder {
    pub(crate) fn new(service_name: String) -> Self {
        Self {
            identity: Identity {
                name: service_name,
                ..Identity::default()
            },
            http: HttpConfig::default(),
            metrics: MetricsConfig::default(),
            traces: TracesConfig::default(),
            logs: LogsConfig::default(),
            server: ServerConfig::default(),
            #[cfg(any(feature = "business", feature = "logs"))]
            user_hash_key: None,
        }
    }

    /// Adds a resource attribute: a label of `target_info`, such as `deployment.environment.name`.
    ///
    /// Default: those of `OTEL_RESOURCE_ATTRIBUTES`. Never put a secret there. The name of the service and its
    /// [`version`](Self::version) win over attributes that say the same.
    pub fn resource_attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let (key, value) = (key.into(), value.into());
        let attributes = &mut self.identity.attributes;
        match attributes.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => attributes.push((key, value)),
        }
        self
    }

    /// Says which version is running: the label `version` of `build_info`. Default: none.
    ///
    /// Only what is given is shown: `build_info` has a label for each of `version`, [`revision`](Self::revision) and
    /// [`rustc`](Self::rustc) that is given and not empty, and without any it is left out.
    ///
    /// ```
    /// # use ecolaura_monitoring::Monitoring;
    /// let builder = Monitoring::builder("shop")
    ///     .version(env!("CARGO_PKG_VERSION"))
    ///     .revision(option_env!("GIT_REVISION").unwrap_or_default());
    /// # let text = builder.revision("").version("0.1").build().unwrap().metrics().render();
    /// # assert!(text.contains("build_info{version=\"0.1\"} 1"));
    /// ```
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.identity.version = version.into();
        self
    }

    /// Says which commit is running: the label `revision` of `build_info`. Default: none.
    pub fn revision(mut self, revision: impl Into<String>) -> Self {
        self.identity.revision = revision.into();
        self
    }

    /// Says which compiler it was built with: the label `rustc` of `build_info`. Default: none.
    ///
    /// No program knows that by itself; a build script can ask `$RUSTC --version`.
    pub fn rustc(mut self, rustc: impl Into<String>) -> Self {
        self.identity.rustc = rustc.into();
        self
    }

    /// How requests are measured: sizes of bodies, names of metrics.
    pub fn http(mut self, change: impl FnOnce(HttpConfig) -> HttpConfig) -> Self {
        self.http = change(self.http);
        self
    }

    /// What the registry holds and shows: its limit, native histograms, metrics of the system, other registries.
    pub fn metrics(mut self, change: impl FnOnce(MetricsConfig) -> MetricsConfig) -> Self {
        self.metrics = change(self.metrics);
        self
    }

    /// Which requests are traced, and where their spans go.
    #[cfg(feature = "traces")]
    pub fn traces(mut self, change: impl FnOnce(TracesConfig) -> TracesConfig) -> Self {
        self.traces = change(self.traces);
        self
    }

    /// Makes no spans, whatever [`traces`](Self::traces) says.
    #[cfg(feature = "traces")]
    pub fn without_traces(mut self) -> Self {
        self.traces.is_off = true;
        self
    }

    /// Which lines are written, how they look, and where they go.
    #[cfg(feature = "logs")]
    pub fn logs(mut self, change: impl FnOnce(LogsConfig) -> LogsConfig) -> Self {
        self.logs = change(self.logs);
        self
    }

    /// Writes no lines, and installs no subscriber of `tracing` and no panic hook, whatever [`logs`](Self::logs) says.
    ///
    /// For spans of `tracing` add [`TracingLayer`](crate::TracingLayer) to a subscriber of your own. `OTEL_LOGS_EXPORTER=none` writes no lines
    /// either, but `init` then installs a subscriber for those spans, which takes events only into spans.
    ///
    /// Start and stop are then not logged either, except through `tracing` where the service has a subscriber of its own. Standard error has
    /// warnings alone, such as of a value in the environment that cannot be used.
    #[cfg(feature = "logs")]
    pub fn without_logs(mut self) -> Self {
        self.logs.is_off = true;
        self
    }

    /// Where metrics and probes are answered, and how the service stops.
    #[cfg(feature = "server")]
    pub fn server(mut self, change: impl FnOnce(ServerConfig) -> ServerConfig) -> Self {
        self.server = change(self.server);
        self
    }

    /// Where `/metrics` and `/health/*` are served; see [`ServerConfig::listen`].
    #[cfg(feature = "server")]
    pub fn listen(self, address: impl Into<SocketAddr>) -> Self {
        self.server(|server| server.listen(address))
    }

    /// No admin listener; see [`ServerConfig::without_listener`].
    #[cfg(feature = "server")]
    pub fn without_listener(self) -> Self {
        self.server(ServerConfig::without_listener)
    }

    /// The key of the hashes by which users are told apart, in the log (`user.hash`) and where
    /// [active users](crate::business::Business::user_seen) are counted: the same for all replicas. Default: what `MONITORING_USER_HASH_KEY` says.
    ///
    /// Without one, the log has another hash for a user after a restart, and active users are counted with a key that everybody knows.
    ///
    /// 16 bytes or more that nobody can guess: who has it can find out who is meant.
    #[cfg(any(feature = "business", feature = "logs"))]
    pub fn user_hash_key(mut self, key: impl Into<String>) -> Self {
        self.user_hash_key = Some(Secret(key.into()));
        self
    }

    /// Starts monitoring this process: `#[monitor]` records here, and the own listener opens.
    ///
    /// With the feature `metrics` the macros of that crate record here too, unless another recorder is installed for them already, which
    /// is said in one line, or telemetry is disabled.
    ///
    /// # Errors
    ///
    /// When a value given here is wrong, when one of the environment is that would leave the service blind or unsafe (where it listens, the
    /// address of a collector, a token that is too short), when the listener's port is taken, or when the process is monitored already. The text says what to do.
    pub fn init(self) -> Result<Monitoring, Error> {
        if Meter::is_installed() {
            return Err(Error::already_initialised());
        }
        let has_system_metrics = self.metrics.has_system_metrics(true);
        let (monitoring, warnings) = self.start(true)?;
        if !monitoring.meter().install() {
            return Err(Error::already_initialised());
        }
        #[cfg(feature = "metrics")]
        monitoring.become_recorder();
        let parts = &monitoring.0.parts;
        parts.log.subscribe(&parts.traces);
        monitoring.watch_runtime();
        if let Some(meter) = monitoring.recording().filter(|_| has_system_metrics) {
            system::watch(meter.registry);
        }
        monitoring.keep();
        warnings.iter().for_each(|warning| monitoring.warn(warning));
        monitoring.announce();
        Ok(monitoring)
    }

    /// Makes a monitoring that touches nothing global: for tests, or a second service in one process.
    ///
    /// It has a listener only where one is asked for, and shows no registry but its own and given ones. To record in it with the macros of
    /// the `metrics` crate, see `Monitoring::metrics_recorder`, which that feature brings.
    /// What it has recorded is kept as long as the process lives.
    ///
    /// # Errors
    ///
    /// As for [`init`](Self::init), but that there can be any number.
    pub fn build(self) -> Result<Monitoring, Error> {
        let (monitoring, warnings) = self.start(false)?;
        warnings.iter().for_each(|warning| monitoring.warn(warning));
        Ok(monitoring)
    }

    fn start(self, is_global: bool) -> Result<(Monitoring, Vec<String>), Error> {
        let variables = Variables::of_process();
        let service = Service::new(&self.identity, &variables)?;
        let registry = self.metrics.registry(&variables)?;
        let meter = self.http.start(registry, &variables);
        if service.is_disabled {
            meter.disable();
        }
        service.show(registry, &self.identity);
        self.metrics.add_sources(registry, is_global);
        #[cfg(feature = "metrics")]
        let recorder = match service.is_disabled {
            true => crate::metrics::bridge::facade::Recorder::nowhere(),
            false => crate::metrics::bridge::facade::Recorder::new(registry),
        };
        let start = Start {
            is_global,
            service: &service,
            variables: &variables,
            meter,
        };
        let server = self.server.settle(&start)?;
        #[cfg(any(feature = "business", feature = "logs"))]
        let user_hash_key = UserHashKey::new(self.user_hash_key, &variables)?;
        let traces = self.traces.start(&start)?;
        let log = self.logs.start(&start)?;
        let parts = Parts {
            service,
            meter,
            resources: crate::resources::Resources::new(registry),
            #[cfg(feature = "metrics")]
            recorder,
            traces,
            log,
            server,
            #[cfg(any(feature = "business", feature = "logs"))]
            user_hash_key,
        };
        Ok((Monitoring::start(parts)?, variables.into_warnings()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order of two calls says nothing, whatever they are.
    #[test]
    fn calls_do_not_overwrite_each_other() {
        type Call = fn(MonitoringBuilder) -> MonitoringBuilder;
        let calls: &[(&str, Call)] = &[
            ("version", |b| b.version("1")),
            ("revision", |b| b.revision("a")),
            ("rustc", |b| b.rustc("1.85")),
            ("max_series", |b| b.metrics(|m| m.max_series(7))),
            ("without_body_sizes", |b| {
                b.http(HttpConfig::without_body_sizes)
            }),
            ("metric_naming", |b| {
                b.http(|h| h.metric_naming(crate::observe::MetricNaming::OpenTelemetry))
            }),
            ("without_native_histograms", |b| {
                b.metrics(MetricsConfig::without_native_histograms)
            }),
            ("with_created_series", |b| {
                b.metrics(MetricsConfig::with_created_series)
            }),
            ("resource_attribute", |b| {
                b.resource_attribute("service.version", "2")
            }),
            #[cfg(feature = "system")]
            ("without_system_metrics", |b| {
                b.metrics(MetricsConfig::without_system_metrics)
            }),
            #[cfg(feature = "server")]
            ("listen", |b| b.listen(([127, 0, 0, 1], 1))),
            #[cfg(feature = "server")]
            ("without_listener", MonitoringBuilder::without_listener),
            #[cfg(feature = "server")]
            ("control_token", |b| {
                b.server(|s| s.control_token("0123456789abcdef"))
            }),
            #[cfg(feature = "server")]
            ("drain_delay", |b| {
                b.server(|s| s.drain_delay(std::time::Duration::from_secs(1)))
            }),
            #[cfg(feature = "server")]
            ("drain_timeout", |b| {
                b.server(|s| s.drain_timeout(std::time::Duration::from_secs(2)))
            }),
            #[cfg(feature = "traces")]
            ("sampling", |b| {
                b.traces(|t| t.sampling(crate::trace::Sampling::none()))
            }),
            #[cfg(feature = "traces")]
            ("traces.otlp_endpoint", |b| {
                b.traces(|t| t.otlp_endpoint("http://c:4318"))
            }),
            #[cfg(feature = "traces")]
            ("without_traces", MonitoringBuilder::without_traces),
            #[cfg(feature = "logs")]
            ("logs.format", |b| {
                b.logs(|l| l.format(crate::logs::LogFormat::Text))
            }),
            #[cfg(feature = "logs")]
            ("logs.filter", |b| b.logs(|l| l.filter("warn"))),
            #[cfg(feature = "logs")]
            ("logs.writer", |b| b.logs(|l| l.writer(std::io::sink()))),
            #[cfg(all(feature = "logs", feature = "traces"))]
            ("logs.otlp_endpoint", |b| {
                b.logs(|l| l.otlp_endpoint("http://c:4318"))
            }),
            #[cfg(feature = "logs")]
            ("logs.max_lines_per_second", |b| {
                b.logs(|l| l.max_lines_per_second(7))
            }),
            #[cfg(feature = "logs")]
            ("access_log", |b| {
                b.logs(|l| l.access_log(crate::logs::AccessLog::failures()))
            }),
            #[cfg(feature = "logs")]
            ("slow_query", |b| {
                b.logs(|l| l.slow_query(std::time::Duration::from_secs(7)))
            }),
            #[cfg(feature = "logs")]
            ("without_logs", MonitoringBuilder::without_logs),
            #[cfg(feature = "logs")]
            ("without_subscriber", |b| {
                b.logs(LogsConfig::without_subscriber)
            }),
            #[cfg(any(feature = "business", feature = "logs"))]
            ("user_hash_key", |b| b.user_hash_key("0123456789abcdef")),
        ];
        let new = || MonitoringBuilder::new("shop".into());
        let shown = |builder: MonitoringBuilder| format!("{builder:?}");
        for (one_name, one) in calls {
            assert_ne!(shown(one(new())), shown(new()), "{one_name} is seen");
            for (other_name, other) in calls {
                let (both, turned) = (shown(other(one(new()))), shown(one(other(new()))));
                assert_eq!(both, turned, "{one_name} and {other_name}");
                if one_name != other_name {
                    assert_ne!(both, shown(one(new())), "{other_name} after {one_name}");
                }
            }
        }
    }
}
