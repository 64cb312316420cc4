//! The families that the library records to, resolved once for each monitoring.

#[cfg(feature = "macros")]
use std::sync::LazyLock;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::catalog;
#[cfg(feature = "logs")]
use crate::logs::Logs;
#[cfg(feature = "macros")]
use crate::metrics::DEFAULT_CAP;
use crate::metrics::{ExemplarFilter, OnceRef, Registry};
#[cfg(feature = "macros")]
use crate::metrics::{Part, own_shape};
use crate::observe::endpoint::Endpoints;
use crate::observe::families::{Http, MetricNaming};
#[cfg(feature = "macros")]
use crate::observe::function::Functions;
use crate::observe::outgoing::Peer;
#[cfg(feature = "logs")]
use crate::observe::query::QueryTimes;
use crate::trace::{Propagators, Tracer};
use crate::trace_context::TraceContext;

static INSTALLED: OnceLock<&'static Meter> = OnceLock::new();

/// What the library records to.
pub(crate) struct Meter {
    pub(crate) registry: Registry,
    pub(crate) http: Http,
    pub(crate) endpoints: Endpoints,
    /// What is read from requests, and sent along with those to other services.
    pub(crate) propagators: Propagators,
    tracer: OnceRef<'static, Tracer>,
    is_disabled: AtomicBool,
    is_cutting_off: AtomicBool,
    #[cfg(feature = "logs")]
    logs: OnceRef<'static, Logs>,
    #[cfg(feature = "logs")]
    pub(crate) queries: QueryTimes,
    #[cfg(feature = "macros")]
    pub(crate) functions: Functions,
}

impl Meter {
    /// A meter with a registry of its own. It lives as long as the process.
    pub(crate) fn new(
        registry: Registry,
        sizes: bool,
        names: MetricNaming,
        propagators: Propagators,
    ) -> &'static Self {
        Box::leak(Box::new(Self {
            registry,
            endpoints: Endpoints::new(registry.cap()),
            propagators,
            tracer: OnceRef::new(),
            is_disabled: AtomicBool::new(false),
            is_cutting_off: AtomicBool::new(false),
            #[cfg(feature = "logs")]
            logs: OnceRef::new(),
            #[cfg(feature = "logs")]
            queries: QueryTimes::new(),
            http: Http::new(registry, sizes, names),
            #[cfg(feature = "macros")]
            functions: Functions::new(registry.own_views(
                own_shape(&catalog::REQUEST_LATENCY),
                catalog::REQUEST_COUNT.label_names(),
                &[
                    (catalog::REQUEST_COUNT, Part::Count),
                    (catalog::REQUEST_LATENCY, Part::Whole),
                ],
            )),
        }))
    }

    /// The meter of the monitoring that was initialised; before that, one that nobody scrapes.
    #[cfg(feature = "macros")]
    #[inline]
    pub(crate) fn installed() -> &'static Self {
        match INSTALLED.get() {
            Some(meter) => meter,
            None => Self::unscraped(),
        }
    }

    #[cfg(feature = "macros")]
    #[cold]
    fn unscraped() -> &'static Self {
        static UNSCRAPED: LazyLock<&'static Meter> = LazyLock::new(|| {
            let (names, propagators) = (MetricNaming::default(), Propagators::default());
            Meter::new(Registry::new(DEFAULT_CAP), true, names, propagators)
        });
        &UNSCRAPED
    }

    /// Whether the process has a meter.
    pub(crate) fn is_installed() -> bool {
        INSTALLED.get().is_some()
    }

    /// Whether the process has a meter that records requests.
    #[cfg(feature = "macros")]
    pub(crate) fn is_recording() -> bool {
        INSTALLED
            .get()
            .is_some_and(|meter| !meter.is_disabled.load(Ordering::Relaxed))
    }

    /// Layers pass all requests through.
    pub(crate) fn disable(&self) {
        self.is_disabled.store(true, Ordering::Relaxed);
    }

    /// Whether it is the service that drops requests from now on: its drain timeout has passed.
    #[cfg(feature = "server")]
    pub(crate) fn cuts_off(&self, cuts_off: bool) {
        self.is_cutting_off.store(cuts_off, Ordering::Relaxed);
    }

    /// Whether it is the service that drops requests now.
    pub(crate) fn is_cutting_off(&self) -> bool {
        self.is_cutting_off.load(Ordering::Relaxed)
    }

    /// Makes this the meter of the process; `false` when there is one.
    pub(crate) fn install(&'static self) -> bool {
        INSTALLED.set(self).is_ok()
    }

    /// From now on requests have spans.
    #[cfg(feature = "traces")]
    pub(crate) fn trace(&self, tracer: &'static Tracer) {
        let _ = self.tracer.set(tracer);
    }

    /// What decides over the spans of requests, where there are any.
    #[inline]
    pub(crate) fn tracer(&self) -> Option<&'static Tracer> {
        self.tracer.get()
    }

    /// From now on requests have trace ids, also where they have no spans, and those of the access log have lines.
    #[cfg(feature = "logs")]
    pub(crate) fn log(&self, logs: &'static Logs) {
        let _ = self.logs.set(logs);
    }

    /// Where lines are written, if they are.
    #[cfg(feature = "logs")]
    #[inline]
    pub(crate) fn logs(&self) -> Option<&'static Logs> {
        self.logs.get()
    }

    /// Whether lines are written.
    #[inline]
    pub(crate) fn has_logs(&self) -> bool {
        #[cfg(feature = "logs")]
        return self.logs.get().is_some();
        #[cfg(not(feature = "logs"))]
        false
    }

    /// The context of a request that has no span here, for that of its sender: where lines are written it has one in any case, so that they
    /// are found by it.
    #[inline]
    pub(crate) fn unspanned(&self, parent: Option<TraceContext>) -> Option<TraceContext> {
        #[cfg(feature = "logs")]
        if self.logs.get().is_some() {
            return Some(parent.unwrap_or_else(Tracer::unrecorded));
        }
        parent.filter(|parent| parent.is_sampled() || ExemplarFilter::admits(parent))
    }

    /// Another service that requests go to.
    pub(crate) fn peer(&self, name: String) -> &'static Peer {
        let times = self.registry.own(catalog::HTTP_CLIENT_REQUEST_DURATION);
        Peer::new(name, times, self.propagators)
    }

    /// Whether both are the same meter.
    #[inline]
    pub(crate) fn is(&self, other: &Meter) -> bool {
        std::ptr::eq(self, other)
    }
}
