//! The spans of one request, collected until it is known what becomes of them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http::HeaderValue;

use crate::trace::span::{Event, Finished, Span};
use crate::trace::tracer::Tracer;

/// What is recorded of one trace while its first span here lasts, and what comes after that.
///
/// Its lock is shared by those who work on the same request, and by nobody else.
pub(crate) struct Recording {
    pub(crate) tracer: &'static Tracer,
    pub(crate) trace: [u64; 2],
    clock: Clock,
    collected: Mutex<Collected>,
}

struct Collected {
    fate: Fate,
    state: Option<HeaderValue>,
    spans: Vec<Span>,
    events: Vec<Event>,
    bytes: usize,
}

/// What becomes of what is collected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is exported, some at a time.
    Kept,
    /// That is told by how the first span ends.
    Open,
    Discarded,
}

/// Moments as wall-clock time that never goes back within a trace.
#[derive(Clone, Copy)]
struct Clock {
    began: Instant,
    unix: u64,
}

/// Spans of one trace that are handed on together.
const CHUNK: usize = 64;

impl Recording {
    /// Begins one; `is_kept` says that it is exported in any case.
    pub(crate) fn new(
        tracer: &'static Tracer,
        trace: [u64; 2],
        state: Option<HeaderValue>,
        is_kept: bool,
    ) -> Self {
        let clock = Clock {
            began: Instant::now(),
            unix: unix_now(),
        };
        Self {
            tracer,
            trace,
            clock,
            collected: Mutex::new(Collected {
                fate: if is_kept { Fate::Kept } else { Fate::Open },
                state,
                spans: Vec::new(),
                events: Vec::new(),
                bytes: 0,
            }),
        }
    }

    /// What the systems before this one said.
    pub(crate) fn state(&self) -> Option<HeaderValue> {
        self.lock().state.clone()
    }

    /// Now, in nanoseconds since the Unix epoch.
    pub(crate) fn now(&self) -> u64 {
        let since = self.clock.began.elapsed().as_nanos();
        self.clock.unix.saturating_add(since as u64)
    }

    /// Adds a span that has ended.
    pub(crate) fn add(&self, span: Span) {
        let mut collected = self.lock();
        if collected.fate == Fate::Discarded {
            return;
        }
        let is_full = collected.spans.len() >= self.tracer.limits.spans;
        if collected.fate == Fate::Open && (is_full || !collected.grow(self.tracer, span.size())) {
            self.tracer.dropped("buffer_full", 1);
            return;
        }
        collected.spans.push(span);
        if collected.fate == Fate::Kept && collected.spans.len() >= CHUNK {
            let finished = collected.take(self);
            drop(collected);
            self.tracer.finish(finished);
        }
    }

    /// Adds something that happened during a span.
    pub(crate) fn add_event(&self, event: Event) {
        let mut collected = self.lock();
        if collected.fate == Fate::Discarded || collected.events.len() >= self.tracer.limits.events
        {
            return;
        }
        if collected.fate == Fate::Kept || collected.grow(self.tracer, event.size()) {
            collected.events.push(event);
        }
    }

    /// Ends the collecting with the first span and what the systems before this one said: all of it is exported.
    pub(crate) fn keep(&self, first: Span, state: Option<HeaderValue>) {
        let mut collected = self.lock();
        collected.fate = Fate::Kept;
        collected.state = state;
        collected.spans.push(first);
        let finished = collected.take(self);
        drop(collected);
        self.tracer.finish(finished);
    }

    /// Ends the collecting: nothing of it is exported.
    pub(crate) fn discard(&self) {
        let mut collected = self.lock();
        collected.fate = Fate::Discarded;
        collected.take(self);
    }

    /// Hands on what has come since: nobody can add more.
    fn rest(&self) {
        let mut collected = self.lock();
        if collected.fate == Fate::Kept && !collected.spans.is_empty() {
            let finished = collected.take(self);
            drop(collected);
            self.tracer.finish(finished);
        } else {
            self.tracer.release(collected.bytes);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Collected> {
        self.collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.rest();
    }
}

impl Collected {
    /// Whether there is room for so many bytes more.
    fn grow(&mut self, tracer: &Tracer, bytes: usize) -> bool {
        let has_room = tracer.reserve(bytes);
        if has_room {
            self.bytes += bytes;
        }
        has_room
    }

    /// Takes out the spans, and what happened during them; not what happened during those that go on.
    fn take(&mut self, of: &Recording) -> Finished {
        of.tracer.release(std::mem::take(&mut self.bytes));
        let spans = std::mem::take(&mut self.spans);
        let is_of_these = |event: &Event| spans.iter().any(|span| span.id == event.span);
        let events = std::mem::take(&mut self.events).into_iter();
        let (events, others) = events.partition(is_of_these);
        self.events = others;
        Finished {
            trace: of.trace,
            state: self.state.clone(),
            spans,
            events,
        }
    }
}

/// Wall-clock time, in nanoseconds since the Unix epoch.
pub(crate) fn unix_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}
