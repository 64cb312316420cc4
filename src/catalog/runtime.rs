//! What the runtime of tokio says about itself, and how long it lets a task wait.

use crate::catalog::{Metric, Unit};

/// Threads that run tasks.
pub const TOKIO_WORKERS: Metric =
    Metric::gauge("tokio_workers", "Worker threads of the service's runtime.");

/// Tasks that have not ended.
pub const TOKIO_TASKS_ALIVE: Metric = Metric::gauge(
    "tokio_tasks_alive",
    "Tasks of the service's runtime that have begun and not ended.",
);

/// Tasks that wait for a worker.
pub const TOKIO_GLOBAL_QUEUE_DEPTH: Metric = Metric::gauge(
    "tokio_global_queue_depth",
    "Tasks that wait in the queue that all workers share.",
);

/// Time of workers.
pub const TOKIO_WORKER_BUSY: Metric = Metric::counter(
    "tokio_worker_busy_seconds_total",
    "Time in which workers ran tasks, added up: its rate by tokio_workers is the share of the time in which they were busy.",
)
.unit(Unit::Seconds);

/// How often workers had nothing to do.
pub const TOKIO_WORKER_PARKS: Metric = Metric::counter(
    "tokio_worker_parks_total",
    "Times that a worker found nothing to do and went to sleep, added up.",
);

/// How long a task waits before it runs.
pub const TOKIO_LAG: Metric = Metric::histogram(
    "tokio_lag_seconds",
    "Time until an empty task ran that the library gave to the service's runtime, one a second; of a wait of n seconds also n-1, n-2 and so on, as if one had been given each second, so that a quantile tells how many of the seconds would have been such.",
)
.unit(Unit::Seconds)
.buckets(&[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0,
]);

/// How long a task has waited that has not run yet.
pub const TOKIO_LAG_CURRENT: Metric = Metric::gauge(
    "tokio_lag_current_seconds",
    "How long the empty task has waited that has not run yet; 0 where none waits.",
)
.unit(Unit::Seconds);
