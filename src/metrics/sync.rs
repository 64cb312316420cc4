//! The atomics of what the model checker tries in every order: those of `std`, or in `loom/` those of loom.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};
