//! A call of a function that returns a closure. It ends when the function returns.

use std::thread::panicking;

use crate::observe::function::{Call, Site};
use crate::trace::current::Entered;

/// Counts as 500 if a panic drops it, else as 200.
pub struct CallInPlace {
    call: Option<Call>,
    entered: Option<Entered>,
    /// Whether the thread was already panicking when the call began.
    was_panicking: bool,
}

impl CallInPlace {
    /// Begins a call.
    #[inline]
    pub fn start(site: &'static Site) -> Self {
        let call = Call::start(site);
        Self {
            entered: Some(call.enter()),
            call: Some(call),
            was_panicking: panicking(),
        }
    }
}

impl Drop for CallInPlace {
    #[inline]
    fn drop(&mut self) {
        self.entered = None;
        match self.call.take() {
            Some(call) if self.was_panicking || !panicking() => call.finish(200),
            call => drop(call),
        }
    }
}
