//! A row of panels for each metric that a service has besides those of the catalogue.

use crate::family::{Family, Shape};
use crate::grafana::dashboard::{Dashboard, Row};
use crate::grafana::panel::Panel;
use crate::grafana::panel::View::{Heatmap, Lines, Stacked, Table};
use crate::grafana::{mean, quantile, rate, series};
use crate::kit::Kit;

/// A dashboard of its own for them, where no other shows them.
pub(super) fn dashboard(kit: &Kit) -> Option<Dashboard> {
    let dashboard = Dashboard {
        name: "own-metrics",
        title: "Own Metrics",
        about: "What the service counts and measures by metrics of its own.",
        rows: rows(&kit.metrics),
        by_endpoint: false,
    };
    (!kit.metrics.is_empty()).then_some(dashboard)
}

pub(super) fn rows(metrics: &[Family]) -> Vec<Row> {
    metrics
        .iter()
        .map(|metric| Row::new(metric.name.as_str(), panels(metric)).closed())
        .collect()
}

fn panels(metric: &Family) -> Vec<Panel> {
    let Family { name, help, .. } = metric;
    let labels: Vec<String> = metric.labels.iter().map(|label| stored(label)).collect();
    let (by, legend) = match labels.is_empty() {
        true => ("job".to_owned(), name.clone()),
        false => {
            let legend: Vec<String> = labels
                .iter()
                .map(|label| format!("{{{{{label}}}}}"))
                .collect();
            (labels.join(", "), legend.join(" "))
        }
    };
    let panel = |view, title: &str, about: &str| Panel::new(view, title, format!("{help} {about}"));
    let count = format!("{name}_count");
    match metric.shape {
        Shape::Counter => vec![
            panel(Stacked, "A second", "How much it grows in a second.")
                .ask(rate(&by, name, ""), &legend)
                .unit(per_second(metric)),
            panel(
                Lines,
                "A second, by instance",
                "How much it grows in a second.",
            )
            .ask(rate("instance", name, ""), "{{instance}}")
            .unit(per_second(metric)),
        ],
        Shape::Gauge => vec![
            panel(Lines, "Together", "The sum over all instances.")
                .ask(format!("sum by ({by}) ({})", series(name, "")), &legend)
                .unit(unit(metric)),
            panel(Lines, "By instance", "The largest of each instance.")
                .ask(
                    format!("max by (instance) ({})", series(name, "")),
                    "{{instance}}",
                )
                .unit(unit(metric)),
        ],
        Shape::Histogram => vec![
            panel(
                Lines,
                "Quantiles",
                "What half, 95 and 99 of 100 were at most.",
            )
            .ask(quantile(0.99, &by, name, ""), format!("{legend} p99"))
            .exemplars()
            .ask(quantile(0.95, &by, name, ""), format!("{legend} p95"))
            .ask(quantile(0.5, &by, name, ""), format!("{legend} p50"))
            .unit(unit(metric))
            .width(8),
            panel(
                Heatmap,
                "How they spread",
                "How many fell into each bucket.",
            )
            .ask(rate("le", &format!("{name}_bucket"), ""), "{{le}}")
            .exemplars()
            .unit(unit(metric))
            .width(8),
            panel(Stacked, "A second", "How many there are in a second.")
                .ask(rate(&by, &count, ""), &legend)
                .unit("ops")
                .width(8),
        ],
        Shape::Info => vec![
            panel(Table, "Instances", "How many instances say so.")
                .ask(format!("count by ({by}) ({})", series(name, "")), &legend),
        ],
        Shape::States => vec![
            panel(Stacked, "Instances", "How many instances are so.")
                .ask(format!("sum by ({by}) ({})", series(name, "")), &legend),
        ],
        Shape::Summary => vec![
            panel(Lines, "Mean", "The mean of what was seen.")
                .ask(mean(&by, name, ""), &legend)
                .unit(unit(metric)),
            panel(Stacked, "A second", "How many there are in a second.")
                .ask(rate(&by, &count, ""), &legend)
                .unit("ops"),
        ],
    }
}

/// The name under which Prometheus stores a label: one that its targets have too is renamed.
fn stored(label: &str) -> String {
    match label {
        "environment" | "instance" | "job" => format!("exported_{label}"),
        other => other.to_owned(),
    }
}

fn unit(metric: &Family) -> &'static str {
    match metric.unit() {
        "seconds" => "s",
        "bytes" => "bytes",
        "ratio" => "percentunit",
        _ => "short",
    }
}

/// The unit of how fast it grows.
fn per_second(metric: &Family) -> &'static str {
    match metric.unit() {
        // Seconds in each second.
        "seconds" => "percentunit",
        "bytes" => "Bps",
        _ => "ops",
    }
}
