//! What the row of a metric that a service has besides those of the catalogue is filled with.

use serde_json::{Value, json};

use crate::family::{Family, Shape};

pub(super) fn values(metric: &Family) -> Value {
    let labels: Vec<String> = metric.labels.iter().map(|label| stored(label)).collect();
    let (by, legend) = if labels.is_empty() {
        ("job".to_owned(), metric.name.clone())
    } else {
        let legend = labels.iter().map(|label| format!("{{{{{label}}}}}"));
        (labels.join(", "), legend.collect::<Vec<_>>().join(" "))
    };
    let (unit, per_second) = units(metric);
    json!({
        "name": metric.name,
        "help": metric.help,
        "shape": match metric.shape {
            Shape::Counter => "counter",
            Shape::Gauge => "gauge",
            Shape::Histogram => "histogram",
            Shape::Summary => "summary",
            Shape::Info => "info",
            Shape::States => "states",
        },
        "by": by,
        "legend": legend,
        "unit": unit,
        "per_second": per_second,
    })
}

/// The name under which Prometheus stores a label: one that its targets have too is renamed.
fn stored(label: &str) -> String {
    match label {
        "environment" | "instance" | "job" => format!("exported_{label}"),
        other => other.to_owned(),
    }
}

/// The unit, and that of how fast it grows: seconds in each second are a share.
fn units(metric: &Family) -> (&'static str, &'static str) {
    match metric.unit() {
        "seconds" => ("s", "percentunit"),
        "bytes" => ("bytes", "Bps"),
        "ratio" => ("percentunit", "ops"),
        _ => ("short", "ops"),
    }
}
