//! The place that the files expect to be in.

pub(crate) mod cells;
pub(crate) mod lockfree;
