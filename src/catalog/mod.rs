//! Every name of ours that leaves the process, as const data.
//!
//! The metrics of this crate are described here and nowhere else: emission, the README's table,
//! dashboards and rules derive from [`ALL`]. The descriptions are checked when the crate is compiled.

mod business;
mod database;
#[cfg(feature = "logs")]
mod field;
mod function;
mod http;
pub(crate) mod metric;
mod otel;
mod own;
mod process;
mod resource;
mod runtime;
mod system;
pub(crate) mod validate;

pub use business::{
    ACTIVE_USERS, ACTIVE_USERS_SKETCH, BOX_FILL, BOX_STAGE_TIME, BOX_STAGES, JOURNEY_STEPS,
    ORDER_PROCESSING, REFUNDS, REVENUE, SATISFACTION, SIGN_UPS,
};
#[cfg(feature = "traces")]
pub(crate) use database::CURRENT_SPAN;
#[cfg(any(feature = "logs", feature = "traces"))]
pub(crate) use database::QUERY_SPAN;
pub use database::{AUTHENTICATION_ATTEMPTS, DB_QUERY_DURATION};
#[cfg(feature = "logs")]
pub(crate) use field::*;
pub use function::{REQUEST_COUNT, REQUEST_LATENCY};
pub use http::{
    HTTP_CLIENT_REQUEST_DURATION, HTTP_REQUEST_DURATION, HTTP_REQUEST_SIZE, HTTP_REQUESTS,
    HTTP_REQUESTS_IN_FLIGHT, HTTP_RESPONSE_SIZE, HTTP_STREAM_DURATION,
};
pub(crate) use metric::{Kind, Metric, Unit};
pub use otel::{
    HTTP_SERVER_ACTIVE_REQUESTS, HTTP_SERVER_REQUEST_DURATION, HTTP_SERVER_REQUEST_SIZE,
    HTTP_SERVER_RESPONSE_SIZE,
};
pub use own::{
    BUILD_INFO, FAMILIES_REFUSED, LOG_LINES, LOG_LINES_DROPPED, OBSERVATIONS_REFUSED, SCRAPES,
    SCRAPES_CUT_OFF, SERIES_REFUSED, SPANS_DROPPED, SPANS_EXPORTED, TARGET_INFO,
};
pub use process::{
    PROCESS_CPU, PROCESS_MAX_FDS, PROCESS_OPEN_FDS, PROCESS_RESIDENT_MEMORY, PROCESS_START_TIME,
    PROCESS_THREADS, PROCESS_VIRTUAL_MEMORY, PROCESS_VIRTUAL_MEMORY_MAX,
};
pub use resource::{
    CACHE_REQUESTS, DB_POOL_ACQUIRE, DB_POOL_CONNECTIONS, DB_POOL_CONNECTIONS_MAX, DB_POOL_WAITING,
    QUEUE_CAPACITY, QUEUE_DEPTH,
};
pub use runtime::{
    TOKIO_GLOBAL_QUEUE_DEPTH, TOKIO_LAG, TOKIO_LAG_CURRENT, TOKIO_TASKS_ALIVE, TOKIO_WORKER_BUSY,
    TOKIO_WORKER_PARKS, TOKIO_WORKERS,
};
pub use system::{
    SYSTEM_CPU, SYSTEM_CPU_CORES, SYSTEM_CPU_PERIODS, SYSTEM_CPU_THROTTLED,
    SYSTEM_CPU_THROTTLED_PERIODS, SYSTEM_DISK_BUSY, SYSTEM_DISK_BYTES, SYSTEM_DISK_OPERATIONS,
    SYSTEM_MEMORY_LIMIT, SYSTEM_MEMORY_OOM_KILLS, SYSTEM_MEMORY_USED, SYSTEM_NETWORK_BYTES,
    SYSTEM_NETWORK_DROPPED, SYSTEM_NETWORK_ERRORS, SYSTEM_NETWORK_PACKETS, SYSTEM_PRESSURE,
};

/// Every metric that this crate writes, in the order of the README's table.
pub const ALL: &[Metric] = &[
    HTTP_REQUESTS,
    HTTP_REQUEST_DURATION,
    HTTP_REQUESTS_IN_FLIGHT,
    HTTP_REQUEST_SIZE,
    HTTP_RESPONSE_SIZE,
    HTTP_STREAM_DURATION,
    HTTP_CLIENT_REQUEST_DURATION,
    HTTP_SERVER_REQUEST_DURATION,
    HTTP_SERVER_ACTIVE_REQUESTS,
    HTTP_SERVER_REQUEST_SIZE,
    HTTP_SERVER_RESPONSE_SIZE,
    REQUEST_COUNT,
    REQUEST_LATENCY,
    DB_QUERY_DURATION,
    DB_POOL_CONNECTIONS,
    DB_POOL_CONNECTIONS_MAX,
    DB_POOL_WAITING,
    DB_POOL_ACQUIRE,
    QUEUE_DEPTH,
    QUEUE_CAPACITY,
    CACHE_REQUESTS,
    AUTHENTICATION_ATTEMPTS,
    ACTIVE_USERS,
    ACTIVE_USERS_SKETCH,
    SIGN_UPS,
    ORDER_PROCESSING,
    REVENUE,
    REFUNDS,
    BOX_FILL,
    BOX_STAGES,
    BOX_STAGE_TIME,
    SATISFACTION,
    JOURNEY_STEPS,
    TARGET_INFO,
    BUILD_INFO,
    PROCESS_CPU,
    PROCESS_OPEN_FDS,
    PROCESS_MAX_FDS,
    PROCESS_VIRTUAL_MEMORY,
    PROCESS_VIRTUAL_MEMORY_MAX,
    PROCESS_RESIDENT_MEMORY,
    PROCESS_START_TIME,
    PROCESS_THREADS,
    SYSTEM_CPU,
    SYSTEM_CPU_CORES,
    SYSTEM_CPU_THROTTLED,
    SYSTEM_CPU_PERIODS,
    SYSTEM_CPU_THROTTLED_PERIODS,
    SYSTEM_MEMORY_USED,
    SYSTEM_MEMORY_LIMIT,
    SYSTEM_MEMORY_OOM_KILLS,
    SYSTEM_DISK_BYTES,
    SYSTEM_DISK_OPERATIONS,
    SYSTEM_DISK_BUSY,
    SYSTEM_NETWORK_BYTES,
    SYSTEM_NETWORK_PACKETS,
    SYSTEM_NETWORK_ERRORS,
    SYSTEM_NETWORK_DROPPED,
    SYSTEM_PRESSURE,
    TOKIO_WORKERS,
    TOKIO_TASKS_ALIVE,
    TOKIO_GLOBAL_QUEUE_DEPTH,
    TOKIO_WORKER_BUSY,
    TOKIO_WORKER_PARKS,
    TOKIO_LAG,
    TOKIO_LAG_CURRENT,
    SERIES_REFUSED,
    OBSERVATIONS_REFUSED,
    FAMILIES_REFUSED,
    SPANS_EXPORTED,
    SPANS_DROPPED,
    LOG_LINES,
    LOG_LINES_DROPPED,
    SCRAPES,
    SCRAPES_CUT_OFF,
];

const _: () = {
    let mut at = 0;
    while at < ALL.len() {
        if let Some(problem) = validate::own_problem(&ALL[at]) {
            panic!("{}", problem.as_str());
        }
        let mut other = 0;
        while other < at {
            let (one, two) = (ALL[at].name.as_bytes(), ALL[other].name.as_bytes());
            assert!(
                !validate::equal(one, two),
                "a name is in the catalogue twice"
            );
            other += 1;
        }
        at += 1;
    }
};
