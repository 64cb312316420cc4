//! Exemplars: for each bucket one observation and the trace that it belongs to, written and read without a lock.
//!
//! A slot has two sides. A writer fills the one that readers are not sent to, under a version that is odd meanwhile,
//! and then sends them there; whoever finds another writer at it goes on without. A reader that sees a version change reads
//! again. So neither ever waits, and no torn exemplar is shown.

use crate::metrics::cells::timestamp::Timestamp;
use crate::metrics::lockfree::sync::{AtomicU64, Ordering, fence};
use crate::trace_context::TraceContext;

/// An observation, and the trace that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exemplar {
    pub(crate) trace: [u64; 2],
    pub(crate) span: u64,
    /// As it is recorded.
    pub(crate) value: u64,
    pub(crate) at: Timestamp,
}

/// Room for one exemplar.
pub(crate) struct Slot {
    /// 1 while somebody writes.
    lock: AtomicU64,
    /// The side to read; none when nothing was written.
    current: AtomicU64,
    sides: [Side; 2],
}

struct Side {
    /// Odd while it is written.
    version: AtomicU64,
    words: [AtomicU64; WORDS],
}

const WORDS: usize = 5;

/// What [`Slot::current`] holds while there is nothing to read.
const NOTHING: u64 = 2;

/// How old an exemplar is at least when another takes its place.
const INTERVAL: u64 = 1_000_000_000;

/// How often a reader begins anew before it does without.
const TRIES: usize = 8;

impl Slot {
    pub(crate) fn new() -> Self {
        Self {
            lock: AtomicU64::new(0),
            current: AtomicU64::new(NOTHING),
            sides: [Side::new(), Side::new()],
        }
    }

    /// Keeps an exemplar, unless the one that is there is younger than a second or being replaced.
    pub(crate) fn offer(&self, exemplar: Exemplar) {
        if self.is_young(&exemplar) || self.lock.swap(1, Ordering::Acquire) == 1 {
            return;
        }
        if self.is_young(&exemplar) {
            self.lock.store(0, Ordering::Release); // another writer was here in between
            return;
        }
        let other = match self.current.load(Ordering::Relaxed) {
            0 => 1,
            _ => 0,
        };
        self.sides[other as usize].write(exemplar.words());
        self.current.store(other, Ordering::Release);
        self.lock.store(0, Ordering::Release);
    }

    /// Whether what is here is not old enough to make room. What is from the future is: the clock was set back.
    fn is_young(&self, other: &Exemplar) -> bool {
        let current = self.current.load(Ordering::Relaxed);
        let side = self.sides.get(current as usize);
        side.is_some_and(|side| other.at.0.wrapping_sub(side.time()) < INTERVAL)
    }

    /// The exemplar, if there is one.
    pub(crate) fn read(&self) -> Option<Exemplar> {
        if self.current.load(Ordering::Relaxed) == NOTHING {
            return None;
        }
        (0..TRIES).find_map(|_| {
            let current = self.current.load(Ordering::Acquire);
            let words = self.sides.get(current as usize)?.read()?;
            Some(Exemplar::from(words))
        })
    }
}

impl Side {
    fn new() -> Self {
        Self {
            version: AtomicU64::new(0),
            words: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// The exemplar's time, which may be that of the next one.
    fn time(&self) -> u64 {
        self.words[WORDS - 1].load(Ordering::Relaxed)
    }

    fn write(&self, words: [u64; WORDS]) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Relaxed);
        fence(Ordering::Release); // the odd version is seen before any of the words
        for (word, value) in self.words.iter().zip(words) {
            word.store(value, Ordering::Relaxed);
        }
        self.version.store(version + 2, Ordering::Release);
    }

    /// What was written as a whole; `None` when somebody writes.
    fn read(&self) -> Option<[u64; WORDS]> {
        let before = self.version.load(Ordering::Acquire);
        let words = std::array::from_fn(|word| self.words[word].load(Ordering::Relaxed));
        fence(Ordering::Acquire); // the words are read before the version is again
        let after = self.version.load(Ordering::Relaxed);
        (before == after && before % 2 == 0).then_some(words)
    }
}

impl Exemplar {
    /// What was just recorded.
    pub(crate) fn of(context: TraceContext, value: u64) -> Self {
        Self {
            trace: context.trace,
            span: context.span,
            value,
            at: Timestamp::now(),
        }
    }

    fn words(&self) -> [u64; WORDS] {
        let [high, low] = self.trace;
        [high, low, self.span, self.value, self.at.0]
    }
}

impl From<[u64; WORDS]> for Exemplar {
    fn from([high, low, span, value, at]: [u64; WORDS]) -> Self {
        Self {
            trace: [high, low],
            span,
            value,
            at: Timestamp(at),
        }
    }
}
