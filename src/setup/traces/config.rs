//! Which requests are traced, and where their spans go.

use crate::error::Error;
use crate::otlp::{Exporter, FULL_REQUEST, Settings, Signal, To};
use crate::setup::start::Start;
use crate::setup::traces::{Traces, env, otlp};
use crate::trace::{Sampling, Tracer};

/// Which requests are traced, and where their spans go; see [`MonitoringBuilder::traces`](crate::MonitoringBuilder::traces).
#[derive(Debug, Default)]
pub struct TracesConfig {
    /// See [`MonitoringBuilder::without_traces`](crate::MonitoringBuilder::without_traces).
    pub(crate) is_off: bool,
    sampling: Option<Sampling>,
    /// `None`: as the environment says, or to a collector beside the service; nowhere for `build`.
    otlp_endpoint: Option<String>,
}

impl TracesConfig {
    /// Which requests are traced. By default all, but no more than 100 a second that begin here, and those that failed; where
    /// `OTEL_TRACES_SAMPLER` is set, just what that says.
    pub fn sampling(mut self, sampling: Sampling) -> Self {
        self.sampling = Some(sampling);
        self
    }

    /// Sends spans to a collector, by OTLP over HTTP: the base of its address, such as `http://jaeger:4318`. By gRPC where
    /// `OTEL_EXPORTER_OTLP_PROTOCOL` says so, which the feature `grpc` brings.
    ///
    /// One of https needs the feature `tls`. For `init` the default is what `OTEL_EXPORTER_OTLP_ENDPOINT` says, or else
    /// `http://localhost:4318`; `build` sends none unless told to.
    pub fn otlp_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.otlp_endpoint = Some(endpoint.into());
        self
    }

    /// Has requests traced, and their spans exported, where somebody wants them.
    pub(crate) fn start(self, start: &Start<'_>) -> Result<Traces, Error> {
        if start.service.is_disabled {
            return Ok(Traces(None));
        }
        let ratio = self.sampling.unwrap_or_default().ratio;
        if !(0.0..=1.0).contains(&ratio) {
            let why = format!("the sampling ratio is {ratio}: a share is from 0 to 1");
            return Err(Error::configuration(why));
        }
        if self.is_off || !(start.is_global || self.otlp_endpoint.is_some()) {
            return Ok(Traces(None));
        }
        // Only now: what the environment says of traces does not matter where there are none.
        let of_environment = env::Traces::from(start.variables)?;
        let settings = match &self.otlp_endpoint {
            Some(address) => Some(of_code(address, of_environment.exporter)?),
            None => of_environment.exporter,
        };
        let Some(settings) = settings else {
            return Ok(Traces(None));
        };
        let sampling = self.sampling.or_else(|| env::sampling(start.variables));
        let sampling = sampling.unwrap_or_default();
        let limits = of_environment.limits.fit(settings.batch, FULL_REQUEST);
        let (registry, resource) = (start.meter.registry, start.service.resource());
        let (tracer, receiver) = Tracer::new(registry, sampling, limits);
        let exporter = Exporter::start(tracer, receiver, registry, &resource, settings)?;
        start.meter.trace(tracer);
        Ok(Traces(Some(exporter)))
    }
}

/// The settings of the environment, but for the address that the code gives.
fn of_code(address: &str, settings: Option<Settings>) -> Result<Settings, Error> {
    let settings = settings.unwrap_or_else(|| Settings::of(Signal::Traces));
    let name = "the address of `.traces(|traces| traces.otlp_endpoint(…))`";
    let endpoint = otlp::endpoint(name, address, true, settings.protocol, Signal::Traces)?;
    Ok(Settings {
        to: To::Collector,
        endpoint,
        ..settings
    })
}
