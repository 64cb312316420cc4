//! What is said of queries, and of attempts to authenticate.

use crate::catalog::{Metric, Unit};

/// The target of the `tracing` span that stands for what a thread works on. It is not exported.
#[cfg(feature = "traces")]
pub(crate) const CURRENT_SPAN: &str = "monitoring current";

/// The target of `tracing` spans that connect a query with what is told of it on another thread. They are not for anybody to see.
#[cfg(any(feature = "logs", feature = "traces"))]
pub(crate) const QUERY_SPAN: &str = "monitoring query";

/// Queries of databases.
pub const DB_QUERY_DURATION: Metric = Metric::histogram(
    "db_query_duration_seconds",
    "Time of a query of a database; its outcome is unknown where only its log line tells of it.",
)
.unit(Unit::Seconds)
.labels(&["operation", "outcome"]);

/// Attempts to authenticate.
pub const AUTHENTICATION_ATTEMPTS: Metric = Metric::counter(
    "authentication_attempts_total",
    "Attempts to authenticate, by mechanism and outcome.",
)
.labels(&["mechanism", "outcome"]);
