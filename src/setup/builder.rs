//! The builder: every choice of a service, each with its default.

use std::net::SocketAddr;
use std::time::Duration;

use crate::error::Error;
use crate::metrics::DEFAULT_CAP;
use crate::observe::{HttpNames, Meter};
use crate::setup::environment::Environment;
#[cfg(feature = "logs")]
use crate::setup::logs::LogChoices;
use crate::setup::monitoring::{Monitoring, Parts};
#[cfg(any(feature = "business", feature = "logs", feature = "server"))]
use crate::setup::secret::Secret;
use crate::setup::variables::Variables;
#[cfg(feature = "traces")]
use crate::trace::Sampling;

/// The own listener's port, which is that of OpenTelemetry's Prometheus exporter.
pub(crate) const DEFAULT_PORT: u16 = 9464;

/// Every choice of a service; get it from [`Monitoring::builder`].
///
/// What is set here wins over the environment, as OpenTelemetry has it. In the environment an unknown word, or a number or boolean that cannot be
/// read, is warned of at start and counts as not set; here whatever is wrong is an error.
///
/// The order of calls does not matter. Of two calls of one method the last counts, of
/// [`resource_attribute`](Self::resource_attribute) those for one key; what is `without_` something wins over all that is said of it.
#[derive(Debug)]
#[must_use = "call `init` or `build`"]
pub struct MonitoringBuilder {
    pub(crate) service_name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) version: String,
    pub(crate) revision: String,
    pub(crate) rustc: String,
    pub(crate) max_series: usize,
    pub(crate) sizes: bool,
    pub(crate) http_names: HttpNames,
    pub(crate) native_histograms: bool,
    pub(crate) created_series: bool,
    /// `None`: for `init`, and not for `build`.
    #[cfg(feature = "system")]
    pub(crate) system_metrics: Option<bool>,
    /// `None`: as the environment says, or at the default; nowhere for `build`.
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) without_listener: bool,
    #[cfg(feature = "traces")]
    pub(crate) sampling: Option<Sampling>,
    #[cfg(feature = "traces")]
    /// `None`: as the environment says, or to a collector beside the service; nowhere for `build`.
    pub(crate) collector: Option<String>,
    #[cfg(feature = "traces")]
    pub(crate) without_traces: bool,
    #[cfg(feature = "logs")]
    pub(crate) logs: LogChoices,
    #[cfg(any(feature = "business", feature = "logs"))]
    pub(crate) user_hash_key: Option<Secret>,
    #[cfg(feature = "server")]
    pub(crate) control_token: Option<Secret>,
    pub(crate) drain_delay: Duration,
    pub(crate) drain_timeout: Duration,
    #[cfg(feature = "prometheus")]
    pub(crate) bridged: Vec<prometheus::Registry>,
}

impl MonitoringBuilder {
    pub(crate) fn new(service_name: String) -> Self {
        Self {
            service_name,
            attributes: Vec::new(),
            version: String::new(),
            revision: String::new(),
            rustc: String::new(),
            max_series: DEFAULT_CAP,
            sizes: true,
            http_names: HttpNames::default(),
            native_histograms: true,
            created_series: false,
            #[cfg(feature = "system")]
            system_metrics: None,
            listen: None,
            without_listener: false,
            #[cfg(feature = "traces")]
            sampling: None,
            #[cfg(feature = "traces")]
            collector: None,
            #[cfg(feature = "traces")]
            without_traces: false,
            #[cfg(feature = "logs")]
            logs: LogChoices::default(),
            #[cfg(any(feature = "business", feature = "logs"))]
            user_hash_key: None,
            #[cfg(feature = "server")]
            control_token: None,
            drain_delay: Duration::ZERO,
            drain_timeout: Duration::from_secs(25),
            #[cfg(feature = "prometheus")]
            bridged: Vec::new(),
        }
    }

    /// Adds a resource attribute: a label of `target_info`, such as `deployment.environment.name`.
    ///
    /// Default: those of `OTEL_RESOURCE_ATTRIBUTES`. Never put a secret there. The name of the service and its
    /// [`version`](Self::version) win over attributes that say the same.
    pub fn resource_attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let (key, value) = (key.into(), value.into());
        match self.attributes.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.attributes.push((key, value)),
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
        self.version = version.into();
        self
    }

    /// Says which commit is running: the label `revision` of `build_info`. Default: none.
    pub fn revision(mut self, revision: impl Into<String>) -> Self {
        self.revision = revision.into();
        self
    }

    /// Says which compiler it was built with: the label `rustc` of `build_info`. Default: none.
    ///
    /// No program knows that by itself; a build script can ask `$RUSTC --version`.
    pub fn rustc(mut self, rustc: impl Into<String>) -> Self {
        self.rustc = rustc.into();
        self
    }

    /// How many label sets a family holds (OpenTelemetry's cardinality limit). Default: 10,000.
    ///
    /// What comes after is recorded in a series whose labels are `_overflow`, and counted in
    /// `monitoring_series_refused_total`. A latency histogram takes about 2.5 kB for each label set, and one that
    /// is written often as much again for each of up to 16 stripes.
    ///
    /// A scrape in protobuf buffers one family at a time, 0.2 to 4 kB for each histogram plus its labels. A full family of latencies takes
    /// 3 MB if few buckets are in use and 36 MB if all are. At most four scrapes run at a time.
    ///
    /// Requests are recorded by method, endpoint, status and outcome, and all `http_*` families show parts of that. Count for each route its
    /// methods, and for each of those the answers that it gives, with one for clients that leave (499). Clients can bring all ten
    /// methods at each endpoint (as 405). With 100 routes that is some 2,000 label sets, with OpenTelemetry's names more: clients choose
    /// scheme and version too.
    ///
    /// With the feature `metrics` that crate's macros can also make no more than so many families; those beyond are not recorded, and counted
    /// in `monitoring_families_refused_total`.
    pub fn max_series(mut self, max: usize) -> Self {
        self.max_series = max;
        self
    }

    /// Whether the layer observes the sizes of bodies. Default: yes.
    pub fn sizes(mut self, sizes: bool) -> Self {
        self.sizes = sizes;
        self
    }

    /// Under which names the layer's families leave the process. Default: [`HttpNames::Prometheus`].
    ///
    /// ```
    /// use ecolaura_monitoring::{HttpNames, Monitoring};
    ///
    /// # fn main() -> Result<(), ecolaura_monitoring::Error> {
    /// let monitoring = Monitoring::builder("shop").http_names(HttpNames::OpenTelemetry).build()?;
    /// # let _ = monitoring;
    /// # Ok(()) }
    /// ```
    pub fn http_names(mut self, names: HttpNames) -> Self {
        self.http_names = names;
        self
    }

    /// Whether protobuf answers of `/metrics` have the native side of histograms besides the classic buckets. Default: yes.
    ///
    /// Turn it off for a Prometheus before 3.0 that has the feature `native-histograms` and not
    /// `scrape_classic_histograms: true`: it drops the classic buckets of a histogram that has both. For one scrape
    /// `/metrics?native=0` does the same.
    pub fn native_histograms(mut self, native: bool) -> Self {
        self.native_histograms = native;
        self
    }

    /// Whether OpenMetrics answers of `/metrics` have a `_created` series for each counter and histogram. Default: no.
    ///
    /// It tells when counting began. Prometheus stores it as one more series unless it runs with the feature
    /// `created-timestamp-zero-ingestion`, and then it asks for protobuf, which always tells.
    pub fn created_series(mut self, created: bool) -> Self {
        self.created_series = created;
        self
    }

    /// Whether `/metrics` has `process_*` (processor time, memory, threads and open files of this process), `system_*` (processors, memory,
    /// disks, network and pressure of the machine and the container) and `tokio_*` (of the runtime within which this is built). Default: yes
    /// for [`init`](Self::init), no for [`build`](Self::build).
    ///
    /// They are read at each scrape that wants them, in some 75 µs; in a container there are ten small files more. What cannot be read is left
    /// out, never shown as 0; on other systems than Linux there is `tokio_*` alone. Families of these names in a `prometheus` registry are then
    /// left out, and counted in `monitoring_families_refused_total`. But for the histogram of the lag they are not in
    /// [`Monitoring::prometheus_collector`], whose registry may have its own.
    ///
    /// - **`scope`** is `host` for the whole machine, also from within a container; `container` for the control group of the process, which
    ///   under systemd is that of its service; `namespace` for the network, where nobody can tell from inside whose it is.
    /// - **Control groups** are those of version 2. A limit that only a group further up has is not seen.
    /// - **Devices**: disks without their partitions and what lies upon them; network devices that are hardware, or all but the loopback where
    ///   none is. Of each family 64 at most.
    /// - **The start** of the process is known to the second; that of the other counters is not told.
    /// - **The lag** of the runtime is measured for `init` alone: a thread gives it an empty task, and the next one a second after that ran.
    ///   It waits where all workers are blocked, and in a runtime of one thread also while nobody runs that.
    #[cfg(feature = "system")]
    pub fn system_metrics(mut self, system: bool) -> Self {
        self.system_metrics = Some(system);
        self
    }

    /// Which requests are traced. By default all, but no more than 100 a second that begin here, and those that failed; where
    /// `OTEL_TRACES_SAMPLER` is set, just what that says.
    #[cfg(feature = "traces")]
    pub fn sampling(mut self, sampling: Sampling) -> Self {
        self.sampling = Some(sampling);
        self
    }

    /// Sends spans to a collector, by OTLP over HTTP: the base of its address, such as `http://jaeger:4318`. By gRPC where
    /// `OTEL_EXPORTER_OTLP_PROTOCOL` says so, which the feature `grpc` brings.
    ///
    /// One of https needs the feature `tls`. For `init` the default is what `OTEL_EXPORTER_OTLP_ENDPOINT` says, or else
    /// `http://localhost:4318`; `build` sends none unless told to.
    #[cfg(feature = "traces")]
    pub fn collector(mut self, endpoint: impl Into<String>) -> Self {
        self.collector = Some(endpoint.into());
        self
    }

    /// Makes no spans, whatever [`collector`](Self::collector) and [`sampling`](Self::sampling) say.
    #[cfg(feature = "traces")]
    pub fn without_traces(mut self) -> Self {
        self.without_traces = true;
        self
    }

    /// Shows the families of a `prometheus` registry in `/metrics`, besides those of the default registry.
    ///
    /// A family whose name is taken is left out and counted in `monitoring_families_refused_total`; so is one with more than
    /// [`max_series`](Self::max_series) series, of which that many are shown.
    #[cfg(feature = "prometheus")]
    pub fn prometheus(mut self, registry: prometheus::Registry) -> Self {
        self.bridged.push(registry);
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
        #[cfg(feature = "system")]
        let system = self.system_metrics.unwrap_or(true);
        let (monitoring, warnings) = self.start(true)?;
        if !monitoring.meter().install() {
            return Err(Error::already_initialised());
        }
        #[cfg(feature = "metrics")]
        monitoring.become_recorder();
        #[cfg(feature = "logs")]
        monitoring.subscribe();
        monitoring.watch_runtime();
        #[cfg(feature = "system")]
        if let Some(meter) = monitoring.recording().filter(|_| system) {
            crate::system::watch(meter.registry);
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

    #[cfg_attr(
        not(any(feature = "business", feature = "logs", feature = "server")),
        allow(unused_mut)
    )]
    fn start(mut self, global: bool) -> Result<(Monitoring, Vec<String>), Error> {
        let variables = Variables::of_process();
        let environment = Environment::from(&variables)?;
        let resource = resource(&self, &environment)?;
        if self.max_series == 0 {
            let why = "max_series is 0: a family holds at least one label set";
            return Err(Error::configuration(why));
        }
        environment.exemplars.choose();
        let propagators = environment.propagators;
        let meter = Meter::new(self.max_series, self.sizes, self.http_names, propagators);
        if environment.disabled {
            meter.disable();
        }
        let (native, created) = (self.native_histograms, self.created_series);
        meter.registry.show(native, created);
        let (names, values): (Vec<_>, Vec<_>) = resource
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .unzip();
        meter.registry.set_target(&names, &values);
        let build = [&self.version, &self.revision, &self.rustc];
        meter.registry.set_build(build.map(|given| given.trim()));
        // Before the bridged registries, which may have families of the same names.
        #[cfg(feature = "system")]
        if self.system_metrics.unwrap_or(global) {
            if let Some(process) = crate::system::Process::this() {
                meter.registry.add_source(process);
            }
            if let Some(machine) = crate::system::Machine::this() {
                meter.registry.add_source(machine);
            }
            if let Some(runtime) = crate::system::Runtime::current() {
                meter.registry.add_source(runtime);
            }
        }
        #[cfg(feature = "prometheus")]
        {
            let default = global.then(|| prometheus::default_registry().clone());
            for registry in self.bridged.iter().cloned().chain(default) {
                let bridged =
                    crate::metrics::bridge::prometheus::Bridged::new(registry, meter.registry);
                meter.registry.add_source(bridged);
            }
        }
        #[cfg(feature = "metrics")]
        let recorder = match environment.disabled {
            true => crate::metrics::bridge::facade::Recorder::nowhere(),
            false => crate::metrics::bridge::facade::Recorder::new(meter.registry),
        };
        let by_default = environment
            .listen
            .unwrap_or(([127, 0, 0, 1], DEFAULT_PORT).into());
        let listen = self.listen.or(global.then_some(by_default));
        let listen = listen.filter(|_| !self.without_listener);
        #[cfg(feature = "traces")]
        let exporter = match environment.disabled {
            true => None,
            false => self.trace(global, &environment, &variables, meter)?,
        };
        #[cfg(feature = "server")]
        let control_token = {
            let given = self.control_token.take();
            Secret::from(
                given,
                "control_token",
                "MONITORING_CONTROL_TOKEN",
                &variables,
            )?
        };
        #[cfg(any(feature = "business", feature = "logs"))]
        let user_hash_key = self.user_key(&variables)?;
        #[cfg(feature = "logs")]
        let log = self.log(global, &environment, &variables, meter)?;
        let parts = Parts {
            #[cfg(feature = "logs")]
            is_quiet: log.is_off(),
            #[cfg(not(feature = "logs"))]
            is_quiet: false,
            #[cfg(all(feature = "logs", feature = "traces"))]
            subscribes_spans: log.is_for_spans_alone(),
            #[cfg(feature = "logs")]
            logging: log.into_logging(),
            #[cfg(any(feature = "business", feature = "logs"))]
            user_hash_key,
            #[cfg(feature = "server")]
            control_token,
            #[cfg(feature = "traces")]
            exporter,
            service_name: self.service_name,
            disabled: environment.disabled,
            resources: crate::resources::Resources::new(meter.registry),
            meter,
            #[cfg(feature = "metrics")]
            recorder,
            listen,
            drain_delay: self.drain_delay,
            drain_timeout: self.drain_timeout,
        };
        Ok((Monitoring::start(parts)?, variables.into_warnings()))
    }
}

/// The labels of `target_info`: the code's attributes, then the environment's, the service's name first.
fn resource(
    builder: &MonitoringBuilder,
    environment: &Environment,
) -> Result<Vec<(String, String)>, Error> {
    if builder.service_name.trim().is_empty() {
        return Err(Error::configuration(
            "the service has no name: give `Monitoring::init` one, such as `ecolaura-api`, or set \
             OTEL_SERVICE_NAME and use `Monitoring::from_env`",
        ));
    }
    let name = [("service.name".to_owned(), builder.service_name.clone())];
    let given = builder.attributes.iter().chain(&environment.attributes);
    let mut labels: Vec<(String, String)> = Vec::new();
    for (key, value) in name.iter().chain(given) {
        if key.trim().is_empty() {
            return Err(Error::configuration(
                "a resource attribute has an empty key",
            ));
        }
        let label = label_name(key);
        if labels.iter().all(|(known, _)| *known != label) {
            labels.push((label, value.clone()));
        }
    }
    Ok(labels)
}

/// An attribute's key as a label: what Prometheus does not allow becomes `_`.
fn label_name(key: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = key.chars().map(allowed).collect();
    match name.starts_with(|c: char| c.is_ascii_digit()) || name.starts_with("__") {
        true => format!("key_{}", name.trim_start_matches('_')),
        false => name,
    }
}

impl Monitoring {
    /// Starts monitoring this process under the name in `OTEL_SERVICE_NAME`, or else the `service.name` of
    /// `OTEL_RESOURCE_ATTRIBUTES`.
    ///
    /// # Errors
    ///
    /// As for [`init`](Self::init), and when neither variable holds a name.
    pub fn from_env() -> Result<Self, Error> {
        // What there is to warn of `init` warns of.
        let environment = Environment::from(&Variables::of_process())?;
        let attributes = environment.attributes.into_iter();
        let attribute = |(key, value): (String, String)| (key == "service.name").then_some(value);
        let name = environment
            .service_name
            .or_else(|| attributes.rev().find_map(attribute));
        MonitoringBuilder::new(name.unwrap_or_default()).init()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(builder: MonitoringBuilder, environment: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let environment = Environment {
            attributes: environment.iter().map(own).collect(),
            ..Environment::default()
        };
        resource(&builder, &environment).unwrap()
    }

    #[test]
    fn code_wins_over_the_environment() {
        let builder = MonitoringBuilder::new("shop".into()).resource_attribute("team", "green");
        let found = labels(
            builder,
            &[("team", "red"), ("service.name", "x"), ("a-b", "1")],
        );
        let expected = [("service_name", "shop"), ("team", "green"), ("a_b", "1")];
        assert_eq!(found, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    /// The order of two calls says nothing, whatever they are.
    #[test]
    fn calls_do_not_overwrite_each_other() {
        type Call = fn(MonitoringBuilder) -> MonitoringBuilder;
        let calls: &[(&str, Call)] = &[
            ("version", |b| b.version("1")),
            ("revision", |b| b.revision("a")),
            ("rustc", |b| b.rustc("1.85")),
            ("max_series", |b| b.max_series(7)),
            ("sizes", |b| b.sizes(false)),
            ("http_names", |b| b.http_names(HttpNames::OpenTelemetry)),
            ("native_histograms", |b| b.native_histograms(false)),
            ("created_series", |b| b.created_series(true)),
            ("resource_attribute", |b| {
                b.resource_attribute("service.version", "2")
            }),
            #[cfg(feature = "system")]
            ("system_metrics", |b| b.system_metrics(false)),
            #[cfg(feature = "server")]
            ("listen", |b| b.listen(([127, 0, 0, 1], 1))),
            #[cfg(feature = "server")]
            ("without_listener", MonitoringBuilder::without_listener),
            #[cfg(feature = "server")]
            ("control_token", |b| b.control_token("0123456789abcdef")),
            #[cfg(feature = "server")]
            ("drain_delay", |b| b.drain_delay(Duration::from_secs(1))),
            #[cfg(feature = "server")]
            ("drain_timeout", |b| b.drain_timeout(Duration::from_secs(2))),
            #[cfg(feature = "traces")]
            ("sampling", |b| b.sampling(Sampling::none())),
            #[cfg(feature = "traces")]
            ("collector", |b| b.collector("http://c:4318")),
            #[cfg(feature = "traces")]
            ("without_traces", MonitoringBuilder::without_traces),
            #[cfg(feature = "logs")]
            ("log_format", |b| b.log_format(crate::logs::LogFormat::Text)),
            #[cfg(feature = "logs")]
            ("log_filter", |b| b.log_filter("warn")),
            #[cfg(feature = "logs")]
            ("log_writer", |b| b.log_writer(std::io::sink())),
            #[cfg(all(feature = "logs", feature = "traces"))]
            ("log_collector", |b| b.log_collector("http://c:4318")),
            #[cfg(feature = "logs")]
            ("log_lines_per_second", |b| b.log_lines_per_second(7)),
            #[cfg(feature = "logs")]
            ("access_log", |b| {
                b.access_log(crate::logs::AccessLog::failures())
            }),
            #[cfg(feature = "logs")]
            ("slow_query", |b| b.slow_query(Duration::from_secs(7))),
            #[cfg(feature = "logs")]
            ("without_logs", MonitoringBuilder::without_logs),
            #[cfg(feature = "logs")]
            ("without_subscriber", MonitoringBuilder::without_subscriber),
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

    #[test]
    fn keys_become_label_names() {
        assert_eq!(
            label_name("deployment.environment.name"),
            "deployment_environment_name"
        );
        assert_eq!(label_name("1st"), "key_1st");
        assert_eq!(label_name("__meta"), "key_meta");
        assert_eq!(label_name("größe"), "gr__e");
    }

    #[test]
    fn a_service_has_a_name() {
        let builder = MonitoringBuilder::new(" ".into());
        let error = resource(&builder, &Environment::default()).unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains("OTEL_SERVICE_NAME"));
    }
}
