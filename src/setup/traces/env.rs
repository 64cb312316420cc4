//! What the environment says of traces, as OpenTelemetry defines it.
//!
//! Source: OpenTelemetry's environment variable and OTLP exporter specifications.

use crate::error::Error;
use crate::otlp::{Settings, Signal, To};
use crate::setup::traces::otlp::settings;
use crate::setup::variables::{Variables, Wrong, exporter_of_list, shown};
use crate::trace::{Limits, Sampling};

/// What the environment says of traces.
#[derive(Debug, PartialEq)]
pub(crate) struct Traces {
    /// Where they go; `None` when nobody wants them.
    pub(crate) exporter: Option<Settings>,
    pub(crate) limits: Limits,
}

impl Default for Traces {
    /// What is meant when nothing is said.
    fn default() -> Self {
        Self {
            exporter: Some(Settings::of(Signal::Traces)),
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
    pub(crate) fn from(variables: &Variables<'_>) -> Result<Self, Error> {
        let Some(exporter) = exporter(variables)? else {
            return Ok(Self {
                exporter: None,
                ..Self::default() // of what nobody uses nothing is wrong
            });
        };
        Ok(Self {
            exporter: Some(exporter),
            limits: limits(variables),
        })
    }
}

fn exporter(variables: &Variables<'_>) -> Result<Option<Settings>, Error> {
    let chosen = match exporter_of_list(variables, EXPORTER, "otlp", &["otlp", "console", "none"]) {
        "none" => return Ok(None),
        other => other,
    };
    let mut settings = settings(variables, Signal::Traces)?;
    if chosen == "console" {
        settings.to = To::Console;
    }
    Ok(Some(settings))
}

/// What is asked of the sampler that is chosen. `None` where none is, and what is meant without.
pub(crate) fn sampling(variables: &Variables<'_>) -> Option<Sampling> {
    if variables.text(SAMPLER).is_none() {
        if let Some(ratio) = variables.text(SAMPLER_ARG) {
            let ratio = shown(&ratio);
            variables.add(format!(
                "{SAMPLER_ARG} is `{ratio}`, but without {SAMPLER} it has no effect: set {SAMPLER} to `parentbased_traceidratio` as well"
            ));
        }
        return None;
    }
    let ratio = |kind: &str| match kind {
        "always_on" => Some(1.0),
        "always_off" => Some(0.0),
        "traceidratio" => Some(self::ratio(variables)),
        _ => None,
    };
    let parse = |value: &str| {
        let sampler = value.to_ascii_lowercase();
        let (asks_parent, kind) = match sampler.strip_prefix("parentbased_") {
            Some(kind) => (true, kind),
            None => (false, sampler.as_str()),
        };
        // Just what it says: no limit, and nothing that is kept besides.
        let sampling = Sampling::ratio(ratio(kind)?).parent_based(asks_parent);
        Some(Some(sampling.max_per_second(u32::MAX).keep_failed(false)))
    };
    let accepted = "`parentbased_always_on`, `parentbased_always_off`, `parentbased_traceidratio`, or one of these without \
                    `parentbased_`";
    let shown = |_: &Option<Sampling>| {
        "the default, all traces up to 100 a second and those that failed,".to_owned()
    };
    variables.first(&[SAMPLER], parse, None, shown, accepted)
}

/// The specification: what is not to be used counts as not set, and then all are kept.
fn ratio(variables: &Variables<'_>) -> f64 {
    let parse = |value: &str| {
        value
            .parse()
            .ok()
            .filter(|ratio| (0.0..=1.0).contains(ratio))
    };
    let shown = |ratio: &f64| format!("`{ratio}`");
    variables.first(
        &[SAMPLER_ARG],
        parse,
        1.0,
        shown,
        "a number from 0 to 1, such as `0.5`",
    )
}

fn limits(variables: &Variables<'_>) -> Limits {
    let mut limits = Limits::default();
    let queue = "OTEL_BSP_MAX_QUEUE_SIZE";
    limits.queue = variables.number(&[queue], limits.queue, 1);
    if limits.queue > MOST_QUEUED {
        variables.warn(&Wrong {
            name: queue,
            value: &limits.queue.to_string(),
            parts: &[],
            instead: &format!("`{MOST_QUEUED}`"),
            accepted: &format!("a whole number from 1 to {MOST_QUEUED}"),
        });
        limits.queue = MOST_QUEUED;
    }
    limits.events = variables.number(&["OTEL_SPAN_EVENT_COUNT_LIMIT"], limits.events, 0);
    let attributes = [
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_ATTRIBUTE_COUNT_LIMIT",
    ];
    limits.attributes = variables.number(&attributes, limits.attributes, 0);
    let text = [
        "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    ];
    limits.text = variables.number(&text, limits.text, 0);
    limits
}

#[cfg(test)]
mod tests;
