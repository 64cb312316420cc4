//! Has requests traced: from what code and environment say to the exporter that runs.

use crate::error::Error;
use crate::observe::Meter;
use crate::otlp::{Exporter, FULL_REQUEST, Settings, Signal, To};
use crate::setup::builder::MonitoringBuilder;
use crate::setup::collector::endpoint;
use crate::setup::environment::Environment;
use crate::setup::traces::{self, Traces};
use crate::setup::variables::Variables;
use crate::trace::Tracer;

impl MonitoringBuilder {
    /// Has requests traced, and their spans exported, where somebody wants them.
    pub(crate) fn trace(
        &self,
        global: bool,
        environment: &Environment,
        variables: &Variables<'_>,
        meter: &'static Meter,
    ) -> Result<Option<Exporter>, Error> {
        let wanted = !self.without_traces && (global || self.collector.is_some());
        let sampling = self.sampling.unwrap_or_default();
        if !(0.0..=1.0).contains(&sampling.ratio) {
            let ratio = sampling.ratio;
            let why = format!("the sampling ratio is {ratio}: a share is from 0 to 1");
            return Err(Error::configuration(why));
        }
        if !wanted {
            return Ok(None);
        }
        // Only now: what the environment says of traces is nobody's business where there are none.
        let of_environment = Traces::from(variables)?;
        let settings = match &self.collector {
            Some(address) => Some(Settings {
                to: To::Collector,
                ..of_code(
                    address,
                    of_environment
                        .exporter
                        .unwrap_or_else(|| Settings::of(Signal::Traces)),
                )?
            }),
            None => of_environment.exporter,
        };
        let Some(settings) = settings else {
            return Ok(None);
        };
        let sampling = self.sampling.or_else(|| traces::sampling(variables));
        let sampling = sampling.unwrap_or_default();
        let limits = of_environment.limits.fit(settings.batch, FULL_REQUEST);
        let (tracer, receiver) = Tracer::new(meter.registry, sampling, limits);
        let resource = self.resource_of_signals(environment);
        let exporter = Exporter::start(tracer, receiver, meter.registry, &resource, settings)?;
        meter.trace(tracer);
        Ok(Some(exporter))
    }

    /// What is told of the service with all that is sent: the code's attributes win over the environment's.
    pub(crate) fn resource_of_signals(&self, environment: &Environment) -> Vec<(String, String)> {
        let own = [
            ("service.name", self.service_name.as_str()),
            ("service.version", self.version.as_str()),
            ("telemetry.sdk.name", env!("CARGO_PKG_NAME")),
            ("telemetry.sdk.language", "rust"),
            ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
        ];
        let own = own.into_iter().filter(|(_, value)| !value.is_empty());
        let own = own.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let given = self.attributes.iter().chain(&environment.attributes);
        let mut attributes: Vec<(String, String)> = Vec::new();
        for (key, value) in own.chain(given.cloned()) {
            if attributes.iter().all(|(known, _)| *known != key) {
                attributes.push((key, value));
            }
        }
        attributes
    }
}

/// The settings of the environment, but for the address that the code gives.
fn of_code(address: &str, settings: Settings) -> Result<Settings, Error> {
    Ok(Settings {
        endpoint: endpoint(
            "the address of `.collector(…)`",
            address,
            true,
            settings.protocol,
            Signal::Traces,
        )?,
        ..settings
    })
}
