//! The place that the files expect to be in.

#[path = "../../../src/metrics/exemplar.rs"]
pub(crate) mod exemplar;
#[path = "../../../src/metrics/timestamp.rs"]
pub(crate) mod timestamp;

/// Loom's atomics.
pub(crate) mod sync {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};
}
