//! The layer: what [`Monitoring::layer`](crate::Monitoring::layer) returns.

use tower_layer::Layer;

use crate::http::service::Monitor;
use crate::observe::Meter;

/// Measures every request of the service it is put on; see the [module](crate::http).
///
/// Get it from [`Monitoring::layer`](crate::Monitoring::layer).
#[derive(Clone, Copy)]
pub struct MonitorLayer {
    /// `None` when telemetry is disabled: requests pass through.
    meter: Option<&'static Meter>,
}

impl MonitorLayer {
    pub(crate) fn new(meter: Option<&'static Meter>) -> Self {
        Self { meter }
    }
}

impl<S> Layer<S> for MonitorLayer {
    type Service = Monitor<S>;

    fn layer(&self, inner: S) -> Monitor<S> {
        Monitor::on(self.meter, inner)
    }
}

impl std::fmt::Debug for MonitorLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MonitorLayer")
            .field("enabled", &self.meter.is_some())
            .finish()
    }
}
