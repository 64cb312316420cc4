//! The place that the files expect to be in.

#[path = "../../../src/metrics/bounded.rs"]
pub(crate) mod bounded;
#[path = "../../../src/metrics/exemplar.rs"]
pub(crate) mod exemplar;
#[path = "../../../src/metrics/index.rs"]
pub(crate) mod index;
#[path = "../../../src/metrics/list.rs"]
pub(crate) mod list;
pub(crate) mod sync;
#[path = "../../../src/metrics/timestamp.rs"]
pub(crate) mod timestamp;
#[path = "../../../src/metrics/wide.rs"]
pub(crate) mod wide;
