//! What threads share without a lock: of `std` and `once_cell`, or in `loom/`, which tries it in every order, of loom.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
pub(crate) use std::sync::{Mutex, OnceLock, PoisonError};

pub(crate) use once_cell::race::{OnceBox, OnceRef};
