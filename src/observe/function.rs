//! One call of a function that carries `#[monitor]`.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::label::Method;
use crate::metrics::{Bounded, FamilyCore, OnceRef, leak, resolve};
use crate::observe::clock::Start;
use crate::observe::endpoint::Endpoint;
use crate::observe::histogram_cache::HistogramCache;
use crate::observe::meter::Meter;
use crate::observe::misuse;
use crate::observe::objective::Objective;
use crate::observe::scope;
use crate::outcome::CLIENT_CLOSED_REQUEST;
use crate::trace::current::{self, Entered, Open};
use crate::trace::{Attribute, Status};
use crate::trace_context::TraceContext;

/// A function that carries `#[monitor]`: what is known of it when it is compiled.
pub struct Site {
    endpoint: &'static str,
    module: &'static str,
    function: &'static str,
    method: Option<Method>,
    objective: Option<Objective>,
    /// The handles at the first meter that was recorded to: in a service, the only one.
    first: OnceRef<'static, Function>,
    name: OnceLock<&'static str>,
    /// Whether it was looked at where it is used: see [`misuse`].
    pub(super) is_checked: AtomicBool,
}

/// What a [`Site`] submits when the program is linked.
pub struct Registered(pub &'static Site);

inventory::collect!(Registered);

impl Site {
    /// A function with its endpoint template or name.
    pub const fn new(endpoint: &'static str, module: &'static str, function: &'static str) -> Self {
        Self {
            endpoint,
            module,
            function,
            method: None,
            objective: None,
            first: OnceRef::new(),
            name: OnceLock::new(),
            is_checked: AtomicBool::new(false),
        }
    }

    /// The method to record where no request tells it.
    pub const fn method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// An objective: the latency in nanoseconds, if any, and thousandths of a percent.
    pub const fn objective(mut self, latency: Option<u64>, target_thousandths: u32) -> Self {
        self.objective = Some(Objective {
            endpoint: self.endpoint,
            module: self.module,
            function: self.function,
            latency: match latency {
                Some(latency) => Some(Duration::from_nanos(latency)),
                None => None,
            },
            target_thousandths,
        });
        self
    }

    /// Whether this is an endpoint, not just a named function.
    pub(super) fn is_endpoint(&self) -> bool {
        self.endpoint.starts_with('/')
    }

    /// The method where no request tells it: as given, else GET for an endpoint, as in a browser.
    fn own_method(&self) -> Method {
        match self.method {
            Some(method) => method,
            None if self.is_endpoint() => Method::Get,
            None => Method::Other,
        }
    }

    /// The endpoint's template, or the name of a function.
    pub(super) fn endpoint(&self) -> &'static str {
        self.endpoint
    }

    /// The function's whole name, made once.
    pub(super) fn name(&self) -> &'static str {
        self.name
            .get_or_init(|| leak(&format!("{}::{}", self.module, self.function)))
    }

    /// A span of a call, where spans are collected.
    #[cold]
    fn span(&self) -> Option<Box<Open>> {
        let mut span = Open::begin(self.function.into())?;
        span.tell(Attribute::text("code.function.name", self.name()));
        Some(Box::new(span))
    }

    #[inline]
    fn at(&'static self, meter: &'static Meter) -> &'static Function {
        match self.first.get() {
            Some(function) if function.meter.is(meter) => function,
            _ => self.find(meter),
        }
    }

    #[cold]
    fn find(&'static self, meter: &'static Meter) -> &'static Function {
        let function = meter.functions.of(self, meter);
        let _ = self.first.set(function);
        function
    }
}

/// All objectives that are linked into this program.
pub(crate) fn objectives() -> Vec<Objective> {
    inventory::iter::<Registered>
        .into_iter()
        .filter_map(|registered| registered.0.objective)
        .collect()
}

/// The monitored functions of a meter.
pub(crate) struct Functions {
    /// Times by method, endpoint and status: the counter and the histogram.
    calls: &'static FamilyCore,
    known: Bounded<Function>,
}

/// One function's handles.
pub(crate) struct Function {
    meter: &'static Meter,
    site: &'static Site,
    endpoint: Option<&'static Endpoint>,
    latencies: HistogramCache<(Method, u16)>,
}

/// A call that ended, and the time that it took.
#[derive(Clone, Copy)]
pub(crate) struct Ended {
    function: &'static Function,
    nanoseconds: u64,
    /// Its span's id, or 0.
    span: u64,
}

impl Functions {
    pub(crate) fn new(calls: &'static FamilyCore) -> Self {
        Self {
            calls,
            known: Bounded::new(usize::MAX), // as many as the program has
        }
    }

    fn of(&'static self, site: &'static Site, meter: &'static Meter) -> &'static Function {
        let hash =
            (std::ptr::from_ref(site).addr() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
        let is = |function: &Function| std::ptr::eq(function.site, site);
        let make = || Function {
            meter,
            site,
            endpoint: site
                .is_endpoint()
                .then(|| meter.endpoints.of(site.endpoint)),
            latencies: HistogramCache::new(),
        };
        let found = self.known.find(hash, is);
        found
            .or_else(|| self.known.add(hash, is, make, |_| {}))
            .expect("there is room for all")
    }
}

impl Ended {
    /// Its span's id, or 0.
    pub(crate) fn span(&self) -> u64 {
        self.span
    }

    /// Counts the call with its time and the status that it led to.
    #[inline]
    pub(crate) fn count(&self, method: Method, code: u16, trace: Option<&TraceContext>) {
        let function = self.function;
        let resolve = || {
            let labels = [method.as_str(), function.site.endpoint, &code.to_string()];
            resolve(function.meter.functions.calls, &labels)
        };
        let latency = function.latencies.get((method, code), resolve);
        latency.record(self.nanoseconds, trace);
    }
}

/// One call: begun when it is made, finished once.
///
/// Dropped before that, the call counts as 500 when it panicked, else as 499: also when it waits while something else of its
/// task panics.
pub struct Call {
    function: &'static Function,
    method: Method,
    started: Start,
    finished: bool,
    /// Its future waits: what panics meanwhile is not this call. Shared, since its future borrows the call.
    is_waiting: AtomicBool,
    /// Its span, where those of its request are collected.
    span: Option<Box<Open>>,
}

// A future holds its call across `.await`, and must stay as unwind safe as without it.
impl UnwindSafe for Call {}
impl RefUnwindSafe for Call {}

impl Call {
    /// Begins a call, for the request that this thread works on if there is one.
    #[inline]
    pub fn start(site: &'static Site) -> Self {
        let route = scope::route();
        let function = site.at(route.map_or_else(scope::meter, |route| route.meter));
        if let Some(endpoint) = function.endpoint {
            scope::name_endpoint(endpoint);
        }
        Self {
            function,
            method: route.map_or_else(|| site.own_method(), |route| route.method),
            started: Start::now(),
            finished: false,
            is_waiting: AtomicBool::new(false),
            span: match current::is_recording() {
                true => site.span(),
                false => None,
            },
        }
    }

    /// Makes the call what this thread works on, until what is returned is dropped.
    #[inline]
    pub fn enter(&self) -> Entered {
        Entered::into(self.span.as_deref())
    }

    /// Its future was polled and waits, or is about to be polled.
    #[inline]
    pub(super) fn waits(&mut self, is_waiting: bool) {
        *self.is_waiting.get_mut() = is_waiting;
    }

    /// Makes the call what a thread works on while it polls this future.
    #[inline]
    pub fn within<F: Future>(&self, future: F) -> Within<'_, F> {
        misuse::check(self.function.site);
        Within { call: self, future }
    }

    /// Ends the call. Its status counts where no request tells what the client got.
    #[inline]
    pub fn finish(mut self, code: u16) {
        self.finished = true;
        let ended = self.ended();
        let is_left = self.left_to_request(ended);
        // What becomes of an endpoint's error is known with the answer: it may be a 404.
        self.end_span(!is_left && code >= 500);
        if !is_left {
            // A service's own type can answer with any number: what is no status is an error of the service.
            let code = if (100..=999).contains(&code) {
                code
            } else {
                500
            };
            ended.count(self.method, code, TraceContext::present().as_ref());
        }
    }

    #[inline]
    fn ended(&self) -> Ended {
        Ended {
            function: self.function,
            nanoseconds: self.started.nanoseconds(),
            span: self.span.as_ref().map_or(0, |span| span.context.span),
        }
    }

    /// Leaves an endpoint to be counted with the status that the client gets.
    #[inline]
    fn left_to_request(&self, ended: Ended) -> bool {
        self.function.endpoint.is_some() && scope::leave_to_request(self.function.meter, ended)
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if !self.finished {
            self.given_up();
        }
    }
}

impl Call {
    #[inline]
    fn end_span(&mut self, has_failed: bool) {
        if let Some(span) = self.span.take() {
            close(*span, has_failed.then_some(""));
        }
    }

    #[cold]
    fn given_up(&mut self) {
        let has_panicked = !*self.is_waiting.get_mut() && std::thread::panicking();
        if let Some(span) = self.span.take() {
            let why = if has_panicked {
                "it panicked"
            } else {
                "it was given up"
            };
            close(*span, Some(why));
        }
        let code = if has_panicked {
            scope::has_panicked(self.function.meter);
            500
        } else {
            CLIENT_CLOSED_REQUEST
        };
        self.ended()
            .count(self.method, code, TraceContext::present().as_ref());
    }
}

#[cold]
fn close(mut span: Open, failure: Option<&'static str>) {
    if let Some(why) = failure {
        span.span.status = Status::Error(why.into());
    }
    span.end();
}

pin_project! {
    /// A future that is polled within a call.
    pub struct Within<'a, F> {
        call: &'a Call,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Within<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.call.enter();
        let is_waiting = &this.call.is_waiting;
        is_waiting.store(false, Ordering::Relaxed);
        let polled = this.future.poll(cx);
        if polled.is_pending() {
            is_waiting.store(true, Ordering::Relaxed);
        }
        polled
    }
}
