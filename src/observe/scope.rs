//! The request that this thread is working on.
//!
//! A value in thread-local storage, set while a request's future is polled and put back after, so that a
//! monitored function finds its request, and a second layer the first, without looking anything up.

use std::cell::Cell;

use crate::label::Method;
use crate::observe::endpoint::Endpoint;
#[cfg(feature = "macros")]
use crate::observe::function::Ended;
use crate::observe::meter::Meter;
use crate::observe::route::Route;
use crate::observe::traced::Traced;
use crate::trace::current::{Current, is_any_along};
use crate::trace_context::TraceContext;

thread_local! {
    static CURRENT: Scope = const {
        Scope {
            route: Cell::new(None),
            named: Cell::new(None),
            said: Cell::new(Said::NOTHING),
            is_changed: Cell::new(false),
            #[cfg(feature = "testing")]
            outside: Cell::new(None),
        }
    };
}

/// This thread's scope, each part in a cell of its own, since most uses need one of them.
struct Scope {
    /// What the request is for, as far as it is known. `None` outside of any request; then nothing is said.
    route: Cell<Option<&'static Route>>,
    /// The endpoint that was named since the scope was entered.
    named: Cell<Option<&'static Endpoint>>,
    said: Cell<Said>,
    /// Whether an endpoint was named, or something said, since the scope was entered.
    is_changed: Cell<bool>,
    /// What functions outside of any request record to.
    #[cfg(feature = "testing")]
    outside: Cell<Option<&'static Meter>>,
}

/// What functions say to the request that they work for.
#[derive(Clone, Copy)]
pub(crate) struct Said {
    /// Functions that ended, to be counted with the status that the client gets.
    #[cfg(feature = "macros")]
    pub(crate) ended: [Option<Ended>; 2],
    /// A monitored function panicked.
    pub(crate) panicked: bool,
}

/// A scope that another one stands before.
struct Interrupted {
    route: Option<&'static Route>,
    trace: Current,
    named: Option<&'static Endpoint>,
    said: Said,
}

/// The scope that was there before: in a box, since there rarely is one. It takes another monitoring's request
/// around this one.
pub(crate) struct Before(Option<Box<Interrupted>>);

impl Said {
    pub(crate) const NOTHING: Self = Self {
        #[cfg(feature = "macros")]
        ended: [None; 2],
        panicked: false,
    };

    /// This, if a function ended.
    pub(crate) fn of_functions(self) -> Option<Self> {
        #[cfg(feature = "macros")]
        if self.ended[0].is_some() {
            return Some(self);
        }
        None
    }

    /// Counts the functions that ended, with the status that the client gets.
    pub(crate) fn count_functions(&self, method: Method, code: u16, trace: &Traced) {
        #[cfg(feature = "macros")]
        for ended in self.ended.into_iter().flatten() {
            ended.count(method, code, trace.exemplar());
            if code >= 500 && ended.span() != 0 {
                trace.has_failed(ended.span());
            }
        }
        #[cfg(not(feature = "macros"))]
        let _ = (method, code, trace);
    }
}

impl Scope {
    /// Sets aside what the thread works on, if it works on something.
    #[inline(never)]
    fn interrupt_if_busy(&self, route: Option<&'static Route>) -> Option<Box<Interrupted>> {
        let is_busy = route.is_some() || TraceContext::is_any_current() || is_any_along();
        is_busy.then(|| self.interrupt(route))
    }

    #[cold]
    fn interrupt(&self, route: Option<&'static Route>) -> Box<Interrupted> {
        self.is_changed.set(false);
        Box::new(Interrupted {
            route,
            trace: Current::default().swap(),
            named: self.named.take(),
            said: self.said.replace(Said::NOTHING),
        })
    }

    #[cold]
    fn resume(&self, before: Interrupted) {
        self.route.set(before.route);
        before.trace.swap();
        self.named.set(before.named);
        self.said.set(before.said);
        self.is_changed.set(true); // or it was not: then nothing new is heard
    }

    #[inline]
    fn is_request_of(&self, meter: &Meter) -> bool {
        matches!(self.route.get(), Some(route) if route.meter.is(meter))
    }
}

/// Makes this the thread's scope, with what was said in it earlier. It ends with [`leave`].
#[inline]
pub(crate) fn enter(route: &'static Route, said: Option<&Said>, trace: &mut Traced) -> Before {
    CURRENT.with(|current| {
        let mut before = None;
        let other = current.route.replace(Some(route));
        if other.is_some() || trace.is_any() {
            before = current.interrupt_if_busy(other);
            trace.enter();
        }
        if let Some(said) = said {
            current.said.set(*said);
            current.is_changed.set(true);
        }
        Before(before)
    })
}

/// Ends the thread's scope.
#[inline]
pub(crate) fn leave(before: Before, trace: &mut Traced) {
    CURRENT.with(|current| {
        current.route.set(None);
        if trace.is_any() {
            trace.leave();
        }
        if let Some(before) = before.0 {
            current.resume(*before);
        }
    });
}

/// Whether there is something to [`hear`].
#[inline]
pub(crate) fn is_changed() -> bool {
    CURRENT.with(|current| current.is_changed.get())
}

/// The endpoint that was named in the thread's scope, and what was said. From then on nothing was.
pub(crate) fn hear() -> (Option<&'static Endpoint>, Said) {
    CURRENT.with(|current| {
        current.is_changed.set(false);
        (current.named.take(), current.said.replace(Said::NOTHING))
    })
}

/// What the thread's request is for.
#[cfg(feature = "macros")]
#[inline]
pub(crate) fn route() -> Option<&'static Route> {
    CURRENT.with(|current| current.route.get())
}

/// What functions record to outside of any request.
#[cfg(feature = "macros")]
#[inline]
pub(crate) fn meter() -> &'static Meter {
    #[cfg(feature = "testing")]
    if let Some(meter) = CURRENT.with(|current| current.outside.get()) {
        return meter;
    }
    Meter::installed()
}

/// Runs `work` outside of any request, with this as what functions record to.
#[cfg(feature = "testing")]
pub(crate) fn outside<T>(meter: &'static Meter, work: impl FnOnce() -> T) -> T {
    struct Entered(Option<&'static Meter>, Before);

    impl Drop for Entered {
        fn drop(&mut self) {
            CURRENT.with(|current| {
                current.outside.set(self.0);
                current.route.set(None);
                Current::default().swap();
                if let Some(before) = self.1.0.take() {
                    current.resume(*before);
                }
            });
        }
    }

    let _entered = CURRENT.with(|current| {
        let before = current.interrupt_if_busy(current.route.take());
        Entered(current.outside.replace(Some(meter)), Before(before))
    });
    work()
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
        let is_unnamed = matches!(current.route.get(), Some(route) if !route.is_named);
        if is_unnamed && current.named.get().is_none() {
            current.named.set(Some(endpoint));
            current.is_changed.set(true);
        }
    });
}
