//! What the environment says of traces, as OpenTelemetry defines it.
//!
//! Source: OpenTelemetry's environment variable and OTLP exporter specifications.

use crate::error::Error;
use crate::otlp::{Settings, Signal, To};
use crate::setup::collector::{lower, number, settings, wrong};
use crate::setup::environment::Lookup;
use crate::trace::{Limits, Sampling};

/// What the environment says of traces.
#[derive(Debug, PartialEq)]
pub(crate) struct Traces {
    /// Where they go; `None` when nobody wants them.
    pub(crate) exporter: Option<Settings>,
    pub(crate) sampling: Option<Sampling>,
    pub(crate) limits: Limits,
}

impl Default for Traces {
    /// What is meant when nothing is said.
    fn default() -> Self {
        Self {
            exporter: Some(Settings::of(Signal::Traces)),
            sampling: None,
            limits: Limits::default(),
        }
    }
}

/// Spans that may wait, whatever is asked for: room for them is made at start.
const MOST_QUEUED: usize = 1 << 20;

const EXPORTER: &str = "OTEL_TRACES_EXPORTER";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";

impl Traces {
    pub(crate) fn from(variable: Lookup<'_>) -> Result<Self, Error> {
        let Some(exporter) = exporter(variable)? else {
            return Ok(Self {
                exporter: None,
                ..Self::default() // of what nobody uses nothing is wrong
            });
        };
        Ok(Self {
            exporter: Some(exporter),
            sampling: sampling(variable(SAMPLER)?, variable(SAMPLER_ARG)?)?,
            limits: limits(variable)?,
        })
    }
}

fn exporter(variable: Lookup<'_>) -> Result<Option<Settings>, Error> {
    match lower(variable(EXPORTER)?).as_deref() {
        None | Some("otlp") => settings(variable, Signal::Traces).map(Some),
        Some("console") => {
            let mut settings = settings(variable, Signal::Traces)?;
            settings.to = To::Console;
            Ok(Some(settings))
        }
        Some("none") => Ok(None),
        Some(other) => {
            let what = "set it to `otlp`, `console` or `none`";
            Err(wrong(EXPORTER, other, what))
        }
    }
}

fn sampling(sampler: Option<String>, argument: Option<String>) -> Result<Option<Sampling>, Error> {
    let Some(sampler) = lower(sampler) else {
        return Ok(None);
    };
    let (asks_parent, kind) = match sampler.strip_prefix("parentbased_") {
        Some(kind) => (true, kind),
        None => (false, sampler.as_str()),
    };
    let ratio = match kind {
        "always_on" => 1.0,
        "always_off" => 0.0,
        "traceidratio" => ratio(argument.as_deref())?,
        _ => {
            let what = "set it to `parentbased_always_on`, `parentbased_always_off` or `parentbased_traceidratio`, \
                        or to one of these without `parentbased_`";
            return Err(wrong(SAMPLER, &sampler, what));
        }
    };
    // Just what it says: no limit, and nothing that is kept besides.
    let sampling = Sampling::ratio(ratio).ask_parent(asks_parent);
    Ok(Some(sampling.at_most(u32::MAX).keep_failed(false)))
}

fn ratio(argument: Option<&str>) -> Result<f64, Error> {
    let Some(argument) = argument else {
        return Ok(1.0);
    };
    match argument.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err(wrong(
            SAMPLER_ARG,
            argument,
            "set it to a number from 0 to 1",
        )),
    }
}

fn limits(variable: Lookup<'_>) -> Result<Limits, Error> {
    let mut limits = Limits::default();
    let read = |limit: &mut usize, names: &[&str], least: usize| {
        for name in names {
            if let Some(value) = variable(name)? {
                *limit = number(name, &value, least)?;
                return Ok::<(), Error>(());
            }
        }
        Ok(())
    };
    read(&mut limits.queue, &["OTEL_BSP_MAX_QUEUE_SIZE"], 1)?;
    limits.queue = limits.queue.min(MOST_QUEUED);
    read(&mut limits.events, &["OTEL_SPAN_EVENT_COUNT_LIMIT"], 0)?;
    let attributes = [
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_ATTRIBUTE_COUNT_LIMIT",
    ];
    read(&mut limits.attributes, &attributes, 0)?;
    let text = [
        "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    ];
    read(&mut limits.text, &text, 0)?;
    Ok(limits)
}

#[cfg(test)]
mod tests;
