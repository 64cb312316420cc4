//! The request that this thread is working on.
//!
//! A value in thread-local storage, set while a request's future is polled and put back after, so that a
//! monitored function finds its request, and a second layer the first, without looking anything up.

use std::cell::Cell;

use crate::label::Method;
use crate::observe::endpoint::Endpoint;
#[cfg(feature = "macros")]
use crate::observe::function::Function;
use crate::observe::meter::Meter;

thread_local! {
    static CURRENT: Current = const {
        Current {
            meter: Cell::new(None),
            method: Cell::new(None),
            endpoint: Cell::new(None),
            said: Cell::new(Said::NOTHING),
            is_changed: Cell::new(false),
        }
    };
}

/// This thread's scope, each part in a cell of its own, since most uses need one of them.
struct Current {
    /// `None` outside of any scope; then nothing is said.
    meter: Cell<Option<&'static Meter>>,
    method: Cell<Option<Method>>,
    endpoint: Cell<Option<&'static Endpoint>>,
    said: Cell<Said>,
    /// Whether an endpoint was named, or something said, since the scope was entered.
    is_changed: Cell<bool>,
}

/// What a function can know of the request that it works for.
#[derive(Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) meter: &'static Meter,
    /// The request's method; `None` outside of any request.
    pub(crate) method: Option<Method>,
    pub(crate) endpoint: Option<&'static Endpoint>,
}

/// What functions say to the request that they work for.
#[derive(Clone, Copy)]
pub(crate) struct Said {
    /// Functions that ended, to be counted with the status that the client gets.
    #[cfg(feature = "macros")]
    pub(crate) ended: [Option<&'static Function>; 2],
    /// A monitored function panicked.
    pub(crate) panicked: bool,
}

#[cfg(feature = "testing")]
impl Scope {
    /// No request, but the meter is this one.
    pub(crate) fn outside(meter: &'static Meter) -> Self {
        Self {
            meter,
            method: None,
            endpoint: None,
        }
    }

    /// Makes this the thread's scope for the time of `work`.
    pub(crate) fn run<T>(self, work: impl FnOnce() -> T) -> T {
        struct Entered(Option<Before>);

        impl Drop for Entered {
            fn drop(&mut self) {
                hear();
                if let Some(before) = self.0.take() {
                    leave(before);
                }
            }
        }

        let _entered = Entered(Some(enter(self, &Said::NOTHING)));
        work()
    }
}

impl Said {
    pub(crate) const NOTHING: Self = Self {
        #[cfg(feature = "macros")]
        ended: [None; 2],
        panicked: false,
    };

    #[inline]
    pub(crate) fn is_nothing(&self) -> bool {
        #[cfg(feature = "macros")]
        if self.ended[0].is_some() {
            return false;
        }
        !self.panicked
    }
}

impl Current {
    #[inline]
    fn scope(&self) -> Option<Scope> {
        Some(Scope {
            meter: self.meter.get()?,
            method: self.method.get(),
            endpoint: self.endpoint.get(),
        })
    }

    #[cold]
    fn interrupt(&self) -> Option<Box<(Scope, Said)>> {
        let said = self.said.replace(Said::NOTHING);
        self.is_changed.set(false);
        self.scope().map(|scope| Box::new((scope, said)))
    }

    #[cold]
    fn resume(&self, (scope, said): (Scope, Said)) {
        self.set(scope);
        self.said.set(said);
        self.is_changed.set(true); // or it was not: then nothing new is heard
    }

    #[inline]
    fn is_request_of(&self, meter: &Meter) -> bool {
        matches!(self.meter.get(), Some(of) if of.is(meter)) && self.method.get().is_some()
    }

    #[inline]
    fn set(&self, scope: Scope) {
        self.meter.set(Some(scope.meter));
        self.method.set(scope.method);
        self.endpoint.set(scope.endpoint);
    }
}

/// The scope that was there before: in a box, since there rarely is one. It takes another monitoring's request
/// around this one.
pub(crate) struct Before(Option<Box<(Scope, Said)>>);

/// Makes this the thread's scope, with what was said in it earlier. It ends with [`leave`].
#[inline]
pub(crate) fn enter(scope: Scope, said: &Said) -> Before {
    CURRENT.with(|current| {
        let before = current.meter.get().and_then(|_| current.interrupt());
        current.set(scope);
        if !said.is_nothing() {
            current.said.set(*said);
            current.is_changed.set(true);
        }
        Before(before)
    })
}

/// Ends the thread's scope.
#[inline]
pub(crate) fn leave(before: Before) {
    CURRENT.with(|current| current.meter.set(None));
    if let Some(before) = before.0 {
        CURRENT.with(|current| current.resume(*before));
    }
}

/// Whether there is something to [`hear`].
#[inline]
pub(crate) fn is_changed() -> bool {
    CURRENT.with(|current| current.is_changed.get())
}

/// The endpoint that is named in the thread's scope, and what was said. From then on nothing was.
pub(crate) fn hear() -> (Option<&'static Endpoint>, Said) {
    CURRENT.with(|current| {
        current.is_changed.set(false);
        (current.endpoint.get(), current.said.replace(Said::NOTHING))
    })
}

/// The scope of this thread.
#[cfg(feature = "macros")]
#[inline]
pub(crate) fn current() -> Option<Scope> {
    CURRENT.with(Current::scope)
}

/// Says something to the request of this meter that this thread works on, if there is one.
#[cfg(feature = "macros")]
#[inline]
pub(crate) fn say(meter: &'static Meter, what: impl FnOnce(&mut Said)) {
    CURRENT.with(|current| {
        if current.is_request_of(meter) {
            let mut said = current.said.get();
            what(&mut said);
            current.said.set(said);
            current.is_changed.set(true);
        }
    });
}

/// Whether this thread is working on a request of this meter.
#[inline]
pub(crate) fn within(meter: &'static Meter) -> bool {
    CURRENT.with(|current| current.is_request_of(meter))
}

/// Names the endpoint of the request, unless it is known.
#[inline]
pub(crate) fn name_endpoint(endpoint: &'static Endpoint) {
    CURRENT.with(|current| {
        if current.endpoint.get().is_none() {
            current.endpoint.set(Some(endpoint));
            current.is_changed.set(true);
        }
    });
}
