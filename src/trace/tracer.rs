//! What decides over traces and takes what is kept.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::Duration;

use http::HeaderValue;

use crate::catalog;
use crate::limiter::Limiter;
use crate::metrics::{Counter, FamilyCore, Registry, resolve};
use crate::outcome::Outcome;
use crate::trace::id;
use crate::trace::queue::{self, Queue, Receiver};
use crate::trace::recording::Recording;
use crate::trace::sampling::Sampling;
use crate::trace::span::Finished;
use crate::trace_context::TraceContext;

/// The traces of one monitoring.
pub(crate) struct Tracer {
    sampling: Sampling,
    /// The share of traces that begin here and are recorded, as the bits of a float: it may be changed.
    ratio: AtomicU64,
    begun: Limiter,
    kept: Limiter,
    pub(crate) limits: Limits,
    queue: Queue,
    /// Bytes of spans that are collected or wait to be exported.
    buffered: AtomicUsize,
    drops: &'static FamilyCore,
    /// The exporter, to be woken when a batch waits.
    exporter: OnceLock<Waker>,
    /// Whether he was called, and did not come so far.
    is_called: AtomicBool,
}

/// How much there may be of everything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limits {
    /// Spans that wait to be exported.
    pub(crate) queue: usize,
    /// And those of the batches that are under way or will be next.
    pub(crate) ahead: usize,
    /// As many spans or bytes in the queue are exported without waiting for others.
    pub(crate) pressing: (usize, usize),
    /// Spans of one trace that are collected until it is known whether it is kept.
    pub(crate) spans: usize,
    /// Events of one trace.
    pub(crate) events: usize,
    /// Attributes of a span.
    pub(crate) attributes: usize,
    /// Bytes of a text; longer ones are cut.
    pub(crate) text: usize,
    /// Bytes of all spans that are collected or wait to be exported.
    pub(crate) buffered: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue: 2048,
            ahead: BATCHES_AHEAD * 512,
            pressing: (512, 1 << 20),
            spans: 256,
            events: 256,
            attributes: 128,
            text: 4096,
            buffered: 8 << 20,
        }
    }
}

/// Batches that are under way at a time. Where fewer are, because the collector is fast, there is room for the spans of the others in the queue: a
/// thread that exports is not always given a processor as soon as it has something to do.
pub(crate) const BATCHES_AHEAD: usize = 4;

/// Bytes that all spans may take at least, and for each span that may wait: that of a service takes some 400.
const LEAST_BUFFERED: usize = 8 << 20;
const BUFFERED_A_SPAN: usize = 1 << 10;

#[cfg_attr(not(feature = "traces"), allow(dead_code))]
impl Limits {
    /// Has the limits fit each other where batches have at most this many spans and bytes: the exporter is woken when a batch waits, and in any
    /// case before half of the room is taken.
    pub(crate) fn fit(mut self, batch: usize, bytes: usize) -> Self {
        self.buffered = LEAST_BUFFERED.max(self.queue.saturating_mul(BUFFERED_A_SPAN));
        self.ahead = BATCHES_AHEAD * batch.min(self.queue);
        let spans = batch.min(self.queue.div_ceil(2));
        self.pressing = (spans, bytes.min(self.buffered / 4));
        self
    }
}

/// Why spans were dropped.
const REASONS: [&str; 5] = [
    "buffer_full",
    "queue_full",
    "export_failed",
    "rejected",
    "shutdown",
];

impl Tracer {
    pub(crate) fn new(
        registry: Registry,
        sampling: Sampling,
        limits: Limits,
    ) -> (&'static Self, Receiver) {
        #[cfg(feature = "traces")]
        crate::fields::keep_at_least(limits.text.saturating_add(crate::redact::BEYOND + 1));
        let (queue, receiver) = queue::queue(limits.queue + limits.ahead);
        let drops = registry.own(catalog::SPANS_DROPPED);
        for reason in REASONS {
            let _: Counter = resolve(drops, &[reason]); // there from the start, so that its first step is seen
        }
        let tracer = Self {
            sampling,
            ratio: AtomicU64::new(sampling.ratio.to_bits()),
            begun: Limiter::new(sampling.most_per_second),
            kept: Limiter::new(sampling.most_kept_per_second()),
            limits,
            queue,
            buffered: AtomicUsize::new(0),
            drops,
            exporter: OnceLock::new(),
            is_called: AtomicBool::new(false),
        };
        (Box::leak(Box::new(tracer)), receiver)
    }

    /// The context of work that begins here, for that of whoever asked for it; and whether its spans are to be collected.
    #[inline]
    pub(crate) fn begin(&self, parent: Option<TraceContext>) -> (TraceContext, bool) {
        let trace = parent.map_or_else(id::trace, |parent| parent.trace);
        let asked = parent.filter(|_| self.sampling.asks_parent);
        let sampled = match asked {
            Some(parent) => parent.is_sampled(),
            // Who sends an id that begins like this is not to choose by it.
            None if parent.is_some() => fastrand::f64() < self.ratio() && self.begun.admits(),
            None => Sampling::includes(self.ratio(), trace) && self.begun.admits(),
        };
        let context = TraceContext::new(trace, id::span(), sampled);
        (context, sampled || self.sampling.keeps())
    }

    /// The context of work that begins here and that nobody records.
    #[cfg_attr(not(feature = "logs"), allow(dead_code))]
    pub(crate) fn unrecorded() -> TraceContext {
        TraceContext::new(id::trace(), id::span(), false).own()
    }

    /// The share of traces that begin here and are recorded.
    #[inline]
    pub(crate) fn ratio(&self) -> f64 {
        f64::from_bits(self.ratio.load(Ordering::Relaxed))
    }

    /// From now on it is this.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) fn set_ratio(&self, ratio: f64) {
        self.ratio.store(ratio.to_bits(), Ordering::Relaxed);
    }

    /// Whether work that was not to be recorded is kept now that it has ended.
    pub(crate) fn keeps(&self, outcome: Outcome, took: Duration) -> bool {
        let has_failed = self.sampling.keep_failed && outcome.has_failed();
        let is_slow = self
            .sampling
            .keep_slower_than
            .is_some_and(|most| took > most);
        (has_failed || is_slow) && self.kept.admits()
    }

    /// A recording of a trace, of which some spans are there before it is known whether it is kept.
    pub(crate) fn record(
        &'static self,
        context: TraceContext,
        state: Option<HeaderValue>,
    ) -> Arc<Recording> {
        let recording = Recording::new(self, context.trace, state, context.is_sampled());
        Arc::new(recording)
    }

    /// Hands on spans to be exported.
    pub(crate) fn finish(&self, finished: Finished) {
        let bytes = finished.bytes;
        if let Err(number) = self.queue.put(finished) {
            self.release(bytes);
            self.dropped("queue_full", number);
        }
        if self.is_pressing() {
            self.wake();
        }
    }

    /// Counts spans that are lost.
    pub(crate) fn dropped(&self, reason: &'static str, number: usize) {
        resolve::<Counter>(self.drops, &[reason]).add(number as u64);
    }

    /// Spans that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Spans that wait or are under way.
    pub(crate) fn unsettled(&self) -> usize {
        self.queue.unsettled()
    }

    /// Whether so many wait that they should be exported now.
    pub(crate) fn is_pressing(&self) -> bool {
        let (spans, bytes) = self.limits.pressing;
        self.queue.len() >= spans || self.queue.bytes() >= bytes
    }

    /// Whether half of the room for what is collected or waits is taken: then what can be handed on is.
    pub(crate) fn is_crowded(&self) -> bool {
        self.buffered.load(Ordering::Relaxed) > self.limits.buffered / 2
    }

    /// Spans that were lost so far since there was no room for them.
    pub(crate) fn overflowed(&self) -> u64 {
        let lost = |reason| resolve::<Counter>(self.drops, &[reason]).value();
        lost("queue_full") + lost("buffer_full")
    }

    /// From now on this wakes who exports.
    pub(crate) fn exported_by(&self, waker: Waker) {
        let _ = self.exporter.set(waker);
    }

    /// Wakes who exports. Once he is called that costs no more than to see it.
    pub(crate) fn wake(&self) {
        if self.is_called.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(exporter) = self.exporter.get() {
            exporter.wake_by_ref();
        }
    }

    /// Whether he was called; from then on he is not.
    pub(crate) fn was_called(&self) -> bool {
        self.is_called.swap(false, Ordering::AcqRel)
    }

    /// Takes so many bytes of the room for what is collected, if they are free.
    pub(crate) fn reserve(&self, bytes: usize) -> bool {
        let before = self.buffered.fetch_add(bytes, Ordering::Relaxed);
        let has_room = before + bytes <= self.limits.buffered;
        if !has_room {
            self.release(bytes);
        }
        has_room
    }

    pub(crate) fn release(&self, bytes: usize) {
        self.buffered.fetch_sub(bytes, Ordering::Relaxed);
    }
}
