//! What a service can run out of: connections, queues, caches.

use crate::catalog::{Metric, Unit};

/// Connections of pools.
pub const DB_POOL_CONNECTIONS: Metric = Metric::gauge(
    "db_pool_connections",
    "Connections that a pool has open, idle and in use.",
)
.labels(&["pool", "state"]);

/// How many there may be.
pub const DB_POOL_CONNECTIONS_MAX: Metric = Metric::gauge(
    "db_pool_connections_max",
    "Connections that a pool may have open.",
)
.labels(&["pool"]);

/// Who waits for one.
pub const DB_POOL_WAITING: Metric = Metric::gauge(
    "db_pool_waiting",
    "Tasks that wait for a connection of a pool, where the pool tells.",
)
.labels(&["pool"]);

/// How long.
pub const DB_POOL_ACQUIRE: Metric = Metric::histogram(
    "db_pool_acquire_seconds",
    "Time until a pool had a connection, or it was given up.",
)
.unit(Unit::Seconds)
.labels(&["pool", "outcome"])
.buckets(&[
    0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
]);

/// What waits in queues.
pub const QUEUE_DEPTH: Metric =
    Metric::gauge("queue_depth", "Items that wait in a queue.").labels(&["queue"]);

/// How much fits.
pub const QUEUE_CAPACITY: Metric = Metric::gauge(
    "queue_capacity",
    "Items that fit into a queue, where it is bounded.",
)
.labels(&["queue"]);

/// What caches answer.
pub const CACHE_REQUESTS: Metric = Metric::counter(
    "cache_requests_total",
    "Look-ups in a cache, by whether it had what was wanted.",
)
.labels(&["cache", "outcome"]);
