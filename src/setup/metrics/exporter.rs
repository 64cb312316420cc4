//! Metrics are exposed and never sent, whatever the environment asks for.
//!
//! Source: OpenTelemetry's environment variable specification.

use crate::setup::variables::{Variables, Wrong};

const METRICS_EXPORTER: &str = "OTEL_METRICS_EXPORTER";

/// Warns where another exporter is asked for.
pub(super) fn check(variables: &Variables<'_>) {
    let Some(value) = variables.text(METRICS_EXPORTER) else {
        return;
    };
    let is_other = |name: &&str| !name.is_empty() && !name.eq_ignore_ascii_case("prometheus");
    let others: Vec<_> = value.split(',').map(str::trim).filter(is_other).collect();
    if !others.is_empty() {
        variables.warn(&Wrong {
            name: METRICS_EXPORTER,
            value: &value,
            parts: &others,
            instead: "`prometheus`: metrics are served at /metrics and sent nowhere; `.without_listener()` has none served",
            accepted: "`prometheus`",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::variables::tests::with;

    fn warnings(value: &str) -> Vec<String> {
        with(&[(METRICS_EXPORTER, value)], check).1
    }

    #[test]
    fn metrics_are_exposed_whatever_is_asked_for() {
        for value in ["prometheus", "Prometheus,"] {
            assert_eq!(warnings(value), [""; 0]);
        }
        for (value, parts) in [
            ("none", "`none`"),
            ("otlp", "`otlp`"),
            ("console", "`console`"),
            ("otlp,prometheus", "`otlp`"),
            ("otlp, console", "`otlp` and `console`"),
        ] {
            let warnings = warnings(value);
            let [warning] = &warnings[..] else {
                panic!("{warnings:?}");
            };
            let start = format!(
                "OTEL_METRICS_EXPORTER is `{value}`, of which {parts} cannot be used: using `prometheus`: metrics are served at"
            );
            assert!(warning.starts_with(&start), "{warning}");
        }
    }
}
