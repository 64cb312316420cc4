//! What generated code calls. Not part of the public interface: it changes without notice.

pub use inventory;

pub use crate::label::Method;
pub use crate::observe::{Call, CallInPlace, Measured, Registered, Site, returned};
pub use crate::status;

/// Begins a call of a monitored function.
#[inline]
pub fn start(site: &'static Site) -> Call {
    Call::start(site)
}

/// Begins a call of a monitored function that returns a closure.
#[inline]
pub fn start_in_place(site: &'static Site) -> CallInPlace {
    CallInPlace::start(site)
}

/// Measures the future that a monitored function returns.
#[inline]
pub fn measured<F, S>(site: &'static Site, future: F, status: S) -> Measured<F, S>
where
    F: Future,
    S: Fn(&F::Output) -> u16,
{
    Measured::new(site, future, status)
}

/// Calls a closure; its signature makes the compiler infer that it is called once.
#[inline]
pub fn call_once<R>(work: impl FnOnce() -> R) -> R {
    work()
}
