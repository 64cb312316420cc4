//! The layer: what [`Monitoring::layer`](crate::Monitoring::layer) returns.

use tower_layer::Layer;

use crate::error::Error;
use crate::http::service::Monitor;
use crate::http::templates::Templates;
use crate::observe::Meter;

/// Measures every request of the service it is put on; see the [module](crate::http).
///
/// Get it from [`Monitoring::layer`](crate::Monitoring::layer).
#[derive(Clone, Copy)]
pub struct MonitorLayer {
    /// `None` when telemetry is disabled: requests pass through.
    meter: Option<&'static Meter>,
    templates: Option<Templates>,
}

impl MonitorLayer {
    pub(crate) fn new(meter: Option<&'static Meter>) -> Self {
        Self {
            meter,
            templates: None,
        }
    }

    /// Names the endpoints of what axum matches no route for: templates as axum writes them, such as `/static/{*path}`.
    ///
    /// Without, requests to a service that is nested by `nest_service`, such as static files, and to a
    /// fallback are `unmatched`: axum does not tell a layer which path they matched. The route that axum does match wins, so this
    /// costs a look-up of the path only for the others. The path is that which the layer sees: a layer *inside* of a nested service
    /// sees it without the prefix.
    ///
    /// A wildcard does not match an empty rest: `/static` and `/static/` are endpoints of their own. Called again, it adds to the
    /// templates.
    ///
    /// # Errors
    ///
    /// When a template is malformed or two of them overlap.
    ///
    /// ```
    /// # #[cfg(feature = "axum")]
    /// # fn main() -> Result<(), ecolaura_monitoring::Error> {
    /// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
    /// # let files = axum::Router::new();
    /// let app: axum::Router = axum::Router::new()
    ///     .nest_service("/static", files) // such as tower-http's `ServeDir`
    ///     .layer(monitoring.layer().routes(["/static/{*path}"])?);
    /// # Ok(()) }
    /// # #[cfg(not(feature = "axum"))]
    /// # fn main() {}
    /// ```
    pub fn routes<T: AsRef<str>>(
        self,
        templates: impl IntoIterator<Item = T>,
    ) -> Result<Self, Error> {
        let Some(meter) = self.meter else {
            return Ok(self);
        };
        let templates = Templates::with(self.templates, meter, templates)?;
        Ok(Self {
            templates: Some(templates),
            ..self
        })
    }
}

impl<S> Layer<S> for MonitorLayer {
    type Service = Monitor<S>;

    fn layer(&self, inner: S) -> Monitor<S> {
        Monitor::on(self.meter, inner).with_templates(self.templates)
    }
}

impl std::fmt::Debug for MonitorLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MonitorLayer")
            .field("enabled", &self.meter.is_some())
            .finish()
    }
}
