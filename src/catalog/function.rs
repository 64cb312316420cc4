//! What `#[monitor]` writes.

use crate::catalog::{Metric, Unit};

/// Calls of monitored functions.
pub const REQUEST_COUNT: Metric = Metric::counter(
    "request_count_total",
    "Calls of functions that carry #[monitor].",
)
.labels(&["method", "endpoint", "http_status"]);

/// Run time of monitored functions.
pub const REQUEST_LATENCY: Metric = Metric::histogram(
    "request_latency_seconds",
    "Run time of functions that carry #[monitor].",
)
.unit(Unit::Seconds)
.labels(&["endpoint"]);
