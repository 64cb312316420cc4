//! What is tried of the cells.

#[path = "../../../../src/metrics/cells/exemplar.rs"]
pub(crate) mod exemplar;
#[path = "../../../../src/metrics/cells/timestamp.rs"]
pub(crate) mod timestamp;
#[path = "../../../../src/metrics/cells/wide.rs"]
pub(crate) mod wide;
