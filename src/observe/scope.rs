//! The request that this thread is working on.
//!
//! A value in thread-local storage, swapped in while a request's future is polled and swapped out after,
//! so that a monitored function finds its request, and a second layer the first, without looking anything up.

use std::cell::Cell;

use crate::label::Method;
use crate::observe::endpoint::Endpoint;
#[cfg(feature = "macros")]
use crate::observe::function::Function;
use crate::observe::meter::Meter;

thread_local! {
    static CURRENT: Cell<Option<Scope>> = const { Cell::new(None) };
}

/// What a function can know and say of the request that it works for.
#[derive(Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) meter: &'static Meter,
    /// The request's method; `None` outside of any request.
    pub(crate) method: Option<Method>,
    pub(crate) endpoint: Option<&'static Endpoint>,
    /// A monitored function panicked.
    pub(crate) panicked: bool,
    /// Functions that ended, to be counted with the status that the client gets.
    #[cfg(feature = "macros")]
    pub(crate) ended: [Option<&'static Function>; 2],
}

impl Scope {
    pub(crate) fn new(
        meter: &'static Meter,
        method: Option<Method>,
        endpoint: Option<&'static Endpoint>,
    ) -> Self {
        Self {
            meter,
            method,
            endpoint,
            panicked: false,
            #[cfg(feature = "macros")]
            ended: [None; 2],
        }
    }

    /// Makes this the thread's scope for the time of `work`.
    #[cfg(feature = "testing")]
    pub(crate) fn run<T>(mut self, work: impl FnOnce() -> T) -> T {
        let _entered = Entered::new(&mut self);
        work()
    }
}

/// A scope that is this thread's, until it is dropped: it then holds what was said meanwhile.
pub(crate) struct Entered<'a> {
    scope: &'a mut Scope,
    before: Option<Scope>,
}

impl<'a> Entered<'a> {
    #[inline]
    pub(crate) fn new(scope: &'a mut Scope) -> Self {
        let before = CURRENT.replace(Some(*scope));
        Self { scope, before }
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(scope) = CURRENT.replace(self.before) {
            *self.scope = scope;
        }
    }
}

/// The scope of this thread.
#[cfg(feature = "macros")]
#[inline]
pub(crate) fn current() -> Option<Scope> {
    CURRENT.get()
}

/// Changes the scope of this thread, if there is one.
#[inline]
pub(crate) fn change(with: impl FnOnce(&mut Scope)) {
    if let Some(mut scope) = CURRENT.get() {
        with(&mut scope);
        CURRENT.set(Some(scope));
    }
}

/// Whether this thread is working on a request of this meter.
#[inline]
pub(crate) fn within(meter: &'static Meter) -> bool {
    matches!(CURRENT.get(), Some(scope) if scope.method.is_some() && scope.meter.is(meter))
}

/// Names the endpoint of the request, unless it is known.
#[inline]
pub(crate) fn name_endpoint(endpoint: &'static Endpoint) {
    change(|scope| {
        if scope.endpoint.is_none() {
            scope.endpoint = Some(endpoint);
        }
    });
}
