//! What generated code calls. Not part of the public interface: it changes without notice.

pub use inventory;

pub use crate::label::Method;
pub use crate::observe::{Call, Registered, Site};
pub use crate::status;

/// Begins a call of a monitored function.
#[inline]
pub fn start(site: &'static Site) -> Call {
    Call::start(site)
}

/// Calls a closure; its signature makes the compiler infer that it is called once.
#[inline]
pub fn call_once<R>(work: impl FnOnce() -> R) -> R {
    work()
}
