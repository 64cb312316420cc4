//! The request that this thread is working on.
//!
//! Values in thread-local storage, set while a request's future is polled and put back after, so that a
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
    // Each part in a cell of its own, since most uses need one of them.
    /// What the request is for, as far as it is known. `None` outside of any request; then nothing is said.
    static ROUTE: Cell<Option<&'static Route>> = const { Cell::new(None) };
    /// The endpoint that was named since the scope was entered.
    static NAMED: Cell<Option<&'static Endpoint>> = const { Cell::new(None) };
    /// Functions that ended, to be counted with the status that the client gets.
    #[cfg(feature = "macros")]
    static ENDED: [Cell<Option<Ended>>; 2] = const { [const { Cell::new(None) }; 2] };
    /// A monitored function panicked.
    static HAS_PANICKED: Cell<bool> = const { Cell::new(false) };
    /// Whether an endpoint was named, or something said, since the scope was entered.
    static IS_CHANGED: Cell<bool> = const { Cell::new(false) };
    /// What functions outside of any request record to.
    #[cfg(feature = "testing")]
    static OUTSIDE: Cell<Option<&'static Meter>> = const { Cell::new(None) };
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
#[derive(Default)]
pub(crate) struct Before(Option<Box<Interrupted>>);

impl Before {
    /// Whether there was one.
    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        self.0.is_some()
    }
}

impl Said {
    /// Takes what was said in the thread's scope. From then on nothing was.
    #[inline]
    fn take() -> Self {
        Self {
            #[cfg(feature = "macros")]
            ended: ENDED.with(|ended| ended.each_ref().map(Cell::take)),
            panicked: HAS_PANICKED.take(),
        }
    }

    /// Says this in the thread's scope.
    fn say(self) {
        #[cfg(feature = "macros")]
        ENDED.with(|places| {
            for (place, ended) in places.iter().zip(self.ended) {
                place.set(ended);
            }
        });
        HAS_PANICKED.set(self.panicked);
        IS_CHANGED.set(true);
    }

    /// This, if a function ended.
    pub(crate) fn of_functions(self) -> Option<Self> {
        #[cfg(feature = "macros")]
        if self.ended[0].is_some() {
            return Some(self);
        }
        None
    }

    /// Counts the functions that ended, with the status that the client gets.
    #[inline]
    pub(crate) fn count_functions(&self, method: Method, code: u16, trace: &Traced) {
        #[cfg(feature = "macros")]
        for ended in self.ended.iter().flatten() {
            ended.count(method, code, trace.exemplar());
            if code >= 500 && ended.span() != 0 {
                trace.has_failed(ended.span());
            }
        }
        #[cfg(not(feature = "macros"))]
        let _ = (method, code, trace);
    }
}

/// Sets aside what the thread works on, if it works on something.
fn interrupt_if_busy(route: Option<&'static Route>) -> Before {
    let is_busy = route.is_some() || TraceContext::is_any_current() || is_any_along();
    Before(is_busy.then(|| interrupt(route)))
}

#[cold]
fn interrupt(route: Option<&'static Route>) -> Box<Interrupted> {
    IS_CHANGED.set(false);
    Box::new(Interrupted {
        route,
        trace: Current::default().swap(),
        named: NAMED.take(),
        said: Said::take(),
    })
}

#[cold]
fn resume(before: Interrupted) {
    ROUTE.set(before.route);
    before.trace.swap();
    NAMED.set(before.named);
    before.said.say(); // also if it was nothing: then nothing new is heard
}

/// Makes this the thread's scope, and gives back the one that was. It ends with [`leave`].
#[inline]
pub(crate) fn enter(route: &'static Route) -> Option<&'static Route> {
    ROUTE.replace(Some(route))
}

/// Completes [`enter`] where there is more than a route: a scope that was, what was said in this one earlier, or a trace.
pub(crate) fn enter_with(
    other: Option<&'static Route>,
    said: Option<&Said>,
    trace: &mut Traced,
) -> Before {
    let mut before = Before(None);
    if other.is_some() || trace.is_any() {
        before = interrupt_if_busy(other);
        trace.enter();
    }
    if let Some(said) = said {
        said.say();
    }
    before
}

/// Ends the thread's scope.
#[inline]
pub(crate) fn leave() {
    ROUTE.set(None);
}

/// Completes [`leave`] where there is a trace, or a scope that was before.
pub(crate) fn leave_to(before: Before, trace: &mut Traced) {
    if trace.is_any() {
        trace.leave();
    }
    if let Some(before) = before.0 {
        resume(*before);
    }
}

/// Whether there is something to [`hear`].
#[inline]
pub(crate) fn is_changed() -> bool {
    IS_CHANGED.get()
}

/// The endpoint that was named in the thread's scope, and what was said. From then on nothing was.
#[inline]
pub(crate) fn hear() -> (Option<&'static Endpoint>, Said) {
    IS_CHANGED.set(false);
    (NAMED.take(), Said::take())
}

/// What the thread's request is for.
#[cfg(feature = "macros")]
#[inline]
pub(crate) fn route() -> Option<&'static Route> {
    ROUTE.get()
}

/// What functions record to outside of any request.
#[cfg(feature = "macros")]
#[inline]
pub(crate) fn meter() -> &'static Meter {
    #[cfg(feature = "testing")]
    if let Some(meter) = OUTSIDE.get() {
        return meter;
    }
    Meter::installed()
}

/// Whether work outside of any request is expected: in a process without monitoring, or in a test scope.
#[cfg(feature = "macros")]
pub(crate) fn is_outside_on_purpose() -> bool {
    #[cfg(feature = "testing")]
    if OUTSIDE.get().is_some() {
        return true;
    }
    !Meter::is_recording()
}

/// Runs `work` outside of any request, with this as what functions record to.
#[cfg(feature = "testing")]
pub(crate) fn outside<T>(meter: &'static Meter, work: impl FnOnce() -> T) -> T {
    struct Entered(Option<&'static Meter>, Before);

    impl Drop for Entered {
        fn drop(&mut self) {
            OUTSIDE.set(self.0);
            ROUTE.set(None);
            Current::default().swap();
            if let Some(before) = self.1.0.take() {
                resume(*before);
            }
        }
    }

    let before = interrupt_if_busy(ROUTE.take());
    let _entered = Entered(OUTSIDE.replace(Some(meter)), before);
    work()
}

/// Leaves a function to be counted by the request of this meter that this thread works on; whether there is one that has room for it.
#[cfg(feature = "macros")]
#[inline]
pub(crate) fn leave_to_request(meter: &'static Meter, function: Ended) -> bool {
    if !within(meter) {
        return false;
    }
    ENDED.with(|ended| {
        let free = ended.iter().find(|place| place.get().is_none());
        if let Some(place) = free {
            place.set(Some(function));
            IS_CHANGED.set(true);
        }
        free.is_some()
    })
}

/// Tells the request of this meter that this thread works on, if there is one, of a panic.
#[cfg(feature = "macros")]
#[cold]
pub(crate) fn has_panicked(meter: &'static Meter) {
    if within(meter) {
        HAS_PANICKED.set(true);
        IS_CHANGED.set(true);
    }
}

/// Whether this thread is working on a request of this meter.
#[inline]
pub(crate) fn within(meter: &'static Meter) -> bool {
    matches!(ROUTE.get(), Some(route) if route.meter.is(meter))
}

/// Names the endpoint of the request, unless it is known.
#[inline]
pub(crate) fn name_endpoint(endpoint: &'static Endpoint) {
    let is_unnamed = matches!(ROUTE.get(), Some(route) if !route.is_named);
    if is_unnamed && NAMED.get().is_none() {
        NAMED.set(Some(endpoint));
        IS_CHANGED.set(true);
    }
}
