//! What is lock-free, on loom's atomics.

#[path = "../../../../src/metrics/lockfree/bounded.rs"]
pub(crate) mod bounded;
#[path = "../../../../src/metrics/lockfree/index.rs"]
pub(crate) mod index;
#[path = "../../../../src/metrics/lockfree/list.rs"]
pub(crate) mod list;
pub(crate) mod sync;
