//! The spans of one request, collected until it is known what becomes of them.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http::HeaderValue;

use crate::trace::span::{Event, Finished, Span, Status};
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
    /// Failures of open spans, from events.
    failures: Vec<(u64, Cow<'static, str>)>,
    /// Events that found no room.
    lost_events: u32,
    /// The first span, once it has ended.
    first: Option<u64>,
    /// What the spans and events take of the room that all share.
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

/// Spans of one trace that are handed on together, and the bytes after which they are in any case.
const CHUNK: usize = 64;
const CHUNK_BYTES: usize = 64 << 10;

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
                failures: Vec::new(),
                lost_events: 0,
                first: None,
                bytes: 0,
            }),
        }
    }

    /// When it began, in nanoseconds since the Unix epoch.
    pub(crate) fn began(&self) -> u64 {
        self.clock.unix
    }

    /// Now, in nanoseconds since the Unix epoch.
    pub(crate) fn now(&self) -> u64 {
        let since = self.clock.began.elapsed().as_nanos();
        self.clock.unix.saturating_add(since as u64)
    }

    /// Adds a span that has ended.
    pub(crate) fn add(&self, mut span: Span) {
        let mut collected = self.lock();
        collected.explain(&mut span, false);
        if collected.fate == Fate::Discarded {
            return;
        }
        let is_full =
            collected.fate == Fate::Open && collected.spans.len() >= self.tracer.limits.spans;
        if is_full || !collected.grow(self.tracer, span.size()) {
            self.tracer.dropped("buffer_full", 1);
            return;
        }
        collected.spans.push(span);
        // What comes after the first span has ended may be the last for hours.
        let is_due = collected.first.is_some()
            || collected.spans.len() >= CHUNK
            || collected.bytes >= CHUNK_BYTES
            || self.tracer.is_crowded();
        if collected.fate == Fate::Kept && is_due {
            let finished = collected.take(self);
            drop(collected);
            self.tracer.finish(finished);
        }
    }

    /// A span that has ended turns out to have failed.
    #[cfg_attr(not(feature = "macros"), allow(dead_code))]
    pub(crate) fn has_failed(&self, id: u64) {
        let mut collected = self.lock();
        if let Some(span) = collected.spans.iter_mut().find(|span| span.id == id) {
            span.status.fail("".into());
        }
    }

    /// Adds something that happened during a span; where the span has failed with it, `failure` says why.
    pub(crate) fn add_event(&self, event: Event, failure: Option<Cow<'static, str>>) {
        let mut collected = self.lock();
        if collected.fate == Fate::Discarded || collected.first == Some(event.span) {
            return; // nobody will show it
        }
        if let Some(why) = failure {
            collected.fail(self.tracer, event.span, why);
        }
        let has_room = collected.events.len() < self.tracer.limits.events
            && collected.grow(self.tracer, event.size());
        match has_room {
            true => collected.events.push(event),
            false => collected.lost_events = collected.lost_events.saturating_add(1),
        }
    }

    /// From now on it is known that this is exported.
    pub(crate) fn will_be_kept(&self) {
        self.lock().fate = Fate::Kept;
    }

    /// Ends the collecting with the first span and what the systems before this one said: all of it is exported.
    pub(crate) fn keep(&self, mut first: Span, state: Option<HeaderValue>) {
        let mut collected = self.lock();
        collected.fate = Fate::Kept;
        collected.state = state;
        collected.first = Some(first.id);
        first.lost_events = collected.lost_events;
        collected.explain(&mut first, true);
        match collected.grow(self.tracer, first.size()) {
            true => collected.spans.push(first),
            false => self.tracer.dropped("buffer_full", 1),
        }
        let finished = collected.take(self);
        drop(collected);
        self.tracer.finish(finished);
    }

    /// Ends the collecting: nothing of it is exported.
    pub(crate) fn discard(&self) {
        let mut collected = self.lock();
        collected.fate = Fate::Discarded;
        collected.clear(self.tracer);
    }

    /// Hands on what has come since: nobody can add more.
    fn rest(&self) {
        let mut collected = self.lock();
        if collected.fate == Fate::Kept && !collected.spans.is_empty() {
            let finished = collected.take(self);
            collected.clear(self.tracer);
            drop(collected);
            self.tracer.finish(finished);
        } else {
            collected.clear(self.tracer);
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
    /// A span has failed. The last reason is its status.
    fn fail(&mut self, tracer: &Tracer, span: u64, why: Cow<'static, str>) {
        if !self.grow(tracer, failure_size(&why)) {
            return;
        }
        match self.failures.iter_mut().find(|(id, _)| *id == span) {
            Some((_, known)) => {
                let before = std::mem::replace(known, why);
                self.shrink(tracer, failure_size(&before));
            }
            None => self.failures.push((span, why)),
        }
    }

    /// A span ends: events may have marked it as failed, with a reason. A request fails by its answer alone.
    fn explain(&mut self, span: &mut Span, is_request: bool) {
        let Some(place) = self.failures.iter().position(|(id, _)| *id == span.id) else {
            return;
        };
        // What it takes is given back with all that is taken out.
        let (_, why) = self.failures.swap_remove(place);
        if !is_request || span.status != Status::Unset {
            span.status.fail(why);
        }
    }

    fn shrink(&mut self, tracer: &Tracer, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        tracer.release(bytes);
    }

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
        let spans = std::mem::take(&mut self.spans);
        let is_of_these = |event: &Event| spans.iter().any(|span| span.id == event.span);
        let events = std::mem::take(&mut self.events).into_iter();
        let (events, others) = events.partition(is_of_these);
        self.events = others;
        let left = self.events.iter().map(Event::size).sum::<usize>()
            + self
                .failures
                .iter()
                .map(|(_, why)| failure_size(why))
                .sum::<usize>();
        Finished {
            trace: of.trace,
            state: self.state.clone(),
            spans,
            events,
            bytes: std::mem::replace(&mut self.bytes, left).saturating_sub(left),
        }
    }

    fn clear(&mut self, tracer: &Tracer) {
        self.spans = Vec::new();
        self.events = Vec::new();
        self.failures = Vec::new();
        tracer.release(std::mem::take(&mut self.bytes));
    }
}

/// What is taken by the reason why a span has failed.
fn failure_size(why: &str) -> usize {
    size_of::<(u64, Cow<'static, str>)>() + why.len()
}

/// Wall-clock time, in nanoseconds since the Unix epoch.
pub(crate) fn unix_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}
