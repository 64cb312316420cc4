//! What the library says about the service as a whole and about itself.

use crate::catalog::Metric;

/// The resource: who is being measured. Its labels are the resource attributes.
pub const TARGET_INFO: Metric = Metric::gauge(
    "target_info",
    "Attributes of the service, always 1 (OpenTelemetry resource).",
);

/// What is running, as far as the service says it.
pub const BUILD_INFO: Metric = Metric::gauge(
    "build_info",
    "What the service was built from, always 1; the labels that the service gives.",
)
.labels(&["version", "revision", "rustc"]);

/// Label sets that a family had no room for.
pub const SERIES_REFUSED: Metric = Metric::counter(
    "monitoring_series_refused_total",
    "Requests for a new label set that went to the overflow series, since the family was full.",
)
.labels(&["metric"]);

/// Values that cannot be recorded.
pub const OBSERVATIONS_REFUSED: Metric = Metric::counter(
    "monitoring_observations_refused_total",
    "Values that were not recorded since they are negative, infinite, not a number, or not what the family is for.",
)
.labels(&["metric"]);

/// Families of other crates that were left out of a scrape, or found no room.
pub const FAMILIES_REFUSED: Metric = Metric::counter(
    "monitoring_families_refused_total",
    "Families of other crates that were left out of a scrape, or some of whose series were, once for each scrape; where there is no room for one, each try to record in it.",
)
.labels(&["family", "reason"]);

/// Spans that were not exported.
pub const SPANS_DROPPED: Metric = Metric::counter(
    "monitoring_spans_dropped_total",
    "Spans that were to be exported and were not, by reason.",
)
.labels(&["reason"]);

/// Spans that were exported.
pub const SPANS_EXPORTED: Metric = Metric::counter(
    "monitoring_spans_exported_total",
    "Spans that the collector took.",
);

/// Lines of the service's log.
pub const LOG_LINES: Metric = Metric::counter(
    "monitoring_log_lines_total",
    "Lines of the log that were written, by stream and level.",
)
.labels(&["dataset", "log_level"]);

/// Lines of the service's log that are lost.
pub const LOG_LINES_DROPPED: Metric = Metric::counter(
    "monitoring_log_lines_dropped_total",
    "Lines of the log that were to be written and were not, by reason.",
)
.labels(&["reason"]);

/// Scrapes answered.
pub const SCRAPES: Metric = Metric::counter(
    "monitoring_scrapes_total",
    "Answers of the /metrics handler.",
)
.labels(&["status_code"]);

/// Scrapes that did not get a whole answer.
pub const SCRAPES_CUT_OFF: Metric = Metric::counter(
    "monitoring_scrapes_cut_off_total",
    "Answers of the /metrics handler that were not taken whole: the scraper left, or took too long.",
);
