//! The handles of one method of one endpoint, resolved once, so that a request formats and hashes no label.

#[cfg(feature = "macros")]
use std::sync::atomic::{AtomicBool, Ordering};

use crate::label::{Method, Transport};
use crate::metrics::{OnceRef, TrafficCells};
use crate::observe::endpoint::Endpoint;
use crate::observe::histogram_cache::HistogramCache;
use crate::observe::meter::Meter;
use crate::outcome::Outcome;
use crate::trace_context::TraceContext;

/// One method of one endpoint, and where names tell it one transport: what is in flight and its sizes, then times by status and outcome as they occur.
///
/// In this order: what a request needs is on one cache line.
#[repr(C, align(64))]
pub(crate) struct Route {
    pub(crate) meter: &'static Meter,
    pub(crate) method: Method,
    pub(crate) transport: Transport,
    /// Whether it has the name of an endpoint, not that of what no route matched.
    pub(crate) is_named: bool,
    /// Made with the first request that is counted here: one that gets its name later is not.
    traffic: OnceRef<'static, TrafficCells>,
    durations: HistogramCache<(u16, Outcome)>,
    endpoint: &'static Endpoint,
    /// Whether a monitored function of this very path was called for it.
    #[cfg(feature = "macros")]
    has_handler: AtomicBool,
}

impl Route {
    pub(crate) fn new(
        meter: &'static Meter,
        endpoint: &'static Endpoint,
        method: Method,
        transport: Transport,
    ) -> Self {
        Self {
            meter,
            method,
            transport,
            is_named: endpoint.is_named(),
            traffic: OnceRef::new(),
            durations: HistogramCache::new(),
            endpoint,
            #[cfg(feature = "macros")]
            has_handler: AtomicBool::new(false),
        }
    }

    /// Whether a monitored function of this very path was called for it.
    #[cfg(feature = "macros")]
    pub(crate) fn has_handler(&self) -> bool {
        self.has_handler.load(Ordering::Relaxed)
    }

    /// A monitored function of this very path is called for it.
    #[cfg(feature = "macros")]
    pub(crate) fn found_handler(&self) {
        self.has_handler.store(true, Ordering::Relaxed);
    }

    pub(crate) fn template(&self) -> &'static str {
        self.endpoint.template()
    }

    /// A request begins.
    #[inline]
    pub(crate) fn begin(&self) {
        if let Some(traffic) = self.traffic() {
            traffic.begin();
        }
    }

    /// A request that began is for another route.
    #[cold]
    pub(crate) fn unbegin(&self) {
        if let Some(traffic) = self.traffic() {
            traffic.end();
        }
    }

    #[inline]
    fn traffic(&self) -> Option<&'static TrafficCells> {
        match self.traffic.get() {
            Some(traffic) => Some(traffic),
            None => self.first_traffic(),
        }
    }

    #[cold]
    fn first_traffic(&self) -> Option<&'static TrafficCells> {
        let (http, template) = (&self.meter.http, self.template());
        let traffic = http.traffic(self.method, template, self.transport)?;
        Some(self.traffic.get_or_init(|| traffic))
    }

    /// Counts a request with its time.
    #[inline]
    pub(crate) fn count(
        &'static self,
        code: u16,
        outcome: Outcome,
        nanoseconds: u64,
        trace: Option<&TraceContext>,
    ) {
        let resolve = || {
            let (http, template) = (&self.meter.http, self.template());
            http.answers(self.method, template, self.transport, code, outcome)
        };
        let duration = self.durations.get((code, outcome), resolve);
        duration.record(nanoseconds, trace);
    }

    /// A request has ended, with so many bytes of both bodies; `received` is `None` where they could not be seen. `began` says that it
    /// was told to [`begin`](Self::begin).
    #[inline]
    pub(crate) fn end(&self, received: Option<u64>, sent: u64, began: bool) {
        if let Some(traffic) = self.traffic() {
            traffic.record(received, sent, began);
        }
    }

    /// Records the life of a stream.
    #[cold]
    pub(crate) fn stream(&self, nanoseconds: u64) {
        self.endpoint.stream(self.meter).record(nanoseconds, None);
    }
}
