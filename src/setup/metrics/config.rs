//! What the registry holds and shows.

use crate::error::Error;
use crate::metrics::{DEFAULT_CAP, Registry};
use crate::setup::metrics::{exemplars, exporter};
use crate::setup::system;
use crate::setup::variables::Variables;

/// What the registry holds and shows; see [`MonitoringBuilder::metrics`](crate::MonitoringBuilder::metrics).
#[derive(Debug)]
pub struct MetricsConfig {
    max_series: usize,
    without_native_histograms: bool,
    with_created_series: bool,
    /// `None`: for `init`, and not for `build`.
    system_metrics: Option<bool>,
    #[cfg(feature = "prometheus")]
    registries: Vec<prometheus::Registry>,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self {
            max_series: DEFAULT_CAP,
            without_native_histograms: false,
            with_created_series: false,
            system_metrics: None,
            #[cfg(feature = "prometheus")]
            registries: Vec::new(),
        }
    }
}

impl MetricsConfig {
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

    /// Leaves the native side of histograms out of protobuf answers of `/metrics`. Default: they have it besides the classic buckets.
    ///
    /// Turn it off for a Prometheus before 3.0 that has the feature `native-histograms` and not
    /// `scrape_classic_histograms: true`: it drops the classic buckets of a histogram that has both. For one scrape
    /// `/metrics?native=0` does the same.
    pub fn without_native_histograms(mut self) -> Self {
        self.without_native_histograms = true;
        self
    }

    /// Adds a `_created` series for each counter and histogram to OpenMetrics answers of `/metrics`. Default: none.
    ///
    /// It tells when counting began. Prometheus stores it as one more series unless it runs with the feature
    /// `created-timestamp-zero-ingestion`, and then it asks for protobuf, which always tells.
    pub fn with_created_series(mut self) -> Self {
        self.with_created_series = true;
        self
    }

    /// Adds `process_*` (processor time, memory, threads and open files of this process), `system_*` (processors, memory, disks, network and
    /// pressure of the machine and the container) and `tokio_*` (of the runtime within which this is built). Default: with
    /// [`init`](crate::MonitoringBuilder::init), not with [`build`](crate::MonitoringBuilder::build).
    ///
    /// They are read at each scrape that wants them, in some 75 µs; in a container there are ten small files more. What cannot be read is left
    /// out, never shown as 0; on other systems than Linux there is `tokio_*` alone. Families of these names in a `prometheus` registry are then
    /// left out, and counted in `monitoring_families_refused_total`. But for the histogram of the lag they are not in
    /// [`Monitoring::as_prometheus_collector`](crate::Monitoring::as_prometheus_collector), whose registry may have its own.
    ///
    /// - **`scope`** is `host` for the whole machine, also from within a container; `container` for the control group of the process, which
    ///   under systemd is that of its service; `namespace` for the network, where nobody can tell from inside whose it is.
    /// - **Control groups** are those of version 2. The least limit of the group and of those above it that the process sees counts.
    /// - **Devices**: disks without their partitions and what lies upon them; network devices that are hardware, or all but the loopback where
    ///   none is. Of each family 64 at most.
    /// - **The start** of the process is known to the second; that of the other counters is not told.
    /// - **The lag** of the runtime is measured for `init` alone: a thread gives it an empty task, and the next one a second after that ran.
    ///   It waits where all workers are blocked, and in a runtime of one thread also while nobody runs that.
    #[cfg(feature = "system")]
    pub fn with_system_metrics(mut self) -> Self {
        self.system_metrics = Some(true);
        self
    }

    /// Leaves `process_*`, `system_*` and `tokio_*` out; see [`with_system_metrics`](Self::with_system_metrics).
    #[cfg(feature = "system")]
    pub fn without_system_metrics(mut self) -> Self {
        self.system_metrics = Some(false);
        self
    }

    /// Shows the families of a `prometheus` registry in `/metrics`, besides those of the default registry.
    ///
    /// A family whose name is taken is left out and counted in `monitoring_families_refused_total`; so is one with more than
    /// [`max_series`](Self::max_series) series, of which that many are shown.
    #[cfg(feature = "prometheus")]
    pub fn prometheus_registry(mut self, registry: prometheus::Registry) -> Self {
        self.registries.push(registry);
        self
    }

    /// Whether the process, the machine and the runtime are shown; `global` for the monitoring of the process.
    pub(crate) fn has_system_metrics(&self, global: bool) -> bool {
        self.system_metrics.unwrap_or(global)
    }

    /// The registry, still empty.
    pub(crate) fn registry(&self, variables: &Variables<'_>) -> Result<Registry, Error> {
        if self.max_series == 0 {
            let why = "max_series is 0: a family holds at least one label set";
            return Err(Error::configuration(why));
        }
        exporter::check(variables);
        exemplars::read(variables).choose();
        let registry = Registry::new(self.max_series);
        registry.show(!self.without_native_histograms, self.with_created_series);
        Ok(registry)
    }

    /// Adds what is read at each scrape.
    pub(crate) fn add_sources(&self, registry: Registry, global: bool) {
        // Before the bridged registries, which may have families of the same names.
        if self.has_system_metrics(global) {
            system::add_sources(registry);
        }
        #[cfg(feature = "prometheus")]
        {
            let default = global.then(|| prometheus::default_registry().clone());
            for bridged in self.registries.iter().cloned().chain(default) {
                let bridged = crate::metrics::bridge::prometheus::Bridged::new(bridged, registry);
                registry.add_source(bridged);
            }
        }
    }
}
