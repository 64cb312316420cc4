//! How requests are measured.

use crate::metrics::Registry;
use crate::observe::{Meter, MetricNaming};
use crate::setup::http::propagators;
use crate::setup::variables::Variables;

/// How requests are measured; see [`MonitoringBuilder::http`](crate::MonitoringBuilder::http).
#[derive(Debug, Default)]
pub struct HttpConfig {
    without_body_sizes: bool,
    naming: MetricNaming,
}

impl HttpConfig {
    /// Does not observe the sizes of bodies. Default: both are observed.
    pub fn without_body_sizes(mut self) -> Self {
        self.without_body_sizes = true;
        self
    }

    /// Under which names the layer's families leave the process. Default: [`MetricNaming::Prometheus`].
    ///
    /// ```
    /// use ecolaura_monitoring::{MetricNaming, Monitoring};
    ///
    /// # fn main() -> Result<(), ecolaura_monitoring::Error> {
    /// let monitoring = Monitoring::builder("shop")
    ///     .http(|http| http.metric_naming(MetricNaming::OpenTelemetry))
    ///     .build()?;
    /// # let _ = monitoring;
    /// # Ok(()) }
    /// ```
    pub fn metric_naming(mut self, naming: MetricNaming) -> Self {
        self.naming = naming;
        self
    }

    /// The meter, which registers its families first.
    pub(crate) fn start(self, registry: Registry, variables: &Variables<'_>) -> &'static Meter {
        let propagators = propagators::read(variables);
        Meter::new(registry, !self.without_body_sizes, self.naming, propagators)
    }
}
