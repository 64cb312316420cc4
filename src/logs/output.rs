//! Lines on their way out: bounded, and never waited for.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::thread::Thread;

use crossbeam_queue::ArrayQueue;
use tracing::Level;

use crate::catalog::{self, Dataset};
use crate::logs::access::Visit;
use crate::logs::line::Head;
use crate::metrics::{Counter, FamilyCore, Registry, resolve};

/// Lines that wait at most.
const LINES: usize = 4096;

/// Lines beyond that which are to be written whatever else there is.
const RESERVED: usize = 64;

/// Bytes of all lines that wait at most.
const BYTES: usize = 8 << 20;

/// Buffers that are kept for lines to come.
const SPARE: usize = 1024;

/// The largest that is kept.
const LARGEST_SPARE: usize = 2048;

/// Room for a line of the usual length.
const USUAL: usize = 640;

/// Why lines were not written.
const REASONS: [&str; 4] = ["queue_full", "rate_limited", "write_failed", "shutdown"];

thread_local! {
    /// Whether this thread writes lines: what it says itself has none, or it would never be done.
    static WRITES: Cell<bool> = const { Cell::new(false) };
}

/// From now on this thread writes lines.
pub(crate) fn writes() {
    WRITES.set(true);
}

/// Whether it does.
#[inline]
pub(crate) fn is_writer() -> bool {
    WRITES.try_with(Cell::get).unwrap_or(false)
}

/// Where lines are put, and who writes them takes them out.
pub(crate) struct Output {
    lines: ArrayQueue<Line>,
    /// Room for lines that are to be written whatever else there is.
    reserved: ArrayQueue<Line>,
    spare: ArrayQueue<Vec<u8>>,
    spare_visits: ArrayQueue<Box<Visit>>,
    bytes: AtomicUsize,
    /// Lines that were taken and are being written.
    under_way: AtomicUsize,
    /// Whether the writer has to be woken.
    asleep: AtomicBool,
    closed: AtomicBool,
    /// Whether the writer waits for lines to come together, and has to be told when there are many.
    is_patient: bool,
    writer: OnceLock<Thread>,
    drops: &'static FamilyCore,
}

/// A line that waits.
pub(crate) struct Line {
    pub(crate) content: Content,
    pub(crate) dataset: Dataset,
    pub(crate) level: Level,
}

/// What there is of a line.
pub(crate) enum Content {
    /// All of it.
    Written(Vec<u8>),
    /// What it tells of; it is written by who takes it out.
    Access(Box<Visit>),
}

impl Line {
    /// One that is written.
    pub(crate) fn of(text: Vec<u8>, head: &Head<'_>) -> Self {
        Self {
            content: Content::Written(text),
            dataset: head.dataset,
            level: head.level,
        }
    }

    fn bytes(&self) -> usize {
        match &self.content {
            Content::Written(text) => text.len(),
            Content::Access(visit) => visit.path.len(),
        }
    }
}

impl Output {
    pub(crate) fn new(registry: Registry, is_patient: bool) -> &'static Self {
        let drops = registry.own(catalog::LOG_LINES_DROPPED);
        for reason in REASONS {
            let _: Counter = resolve(drops, &[reason]); // there from the start, so that its first step is seen
        }
        Box::leak(Box::new(Self {
            lines: ArrayQueue::new(LINES),
            reserved: ArrayQueue::new(RESERVED),
            spare: ArrayQueue::new(SPARE),
            spare_visits: ArrayQueue::new(LINES), // as many as wait, so that a writer that catches up frees none
            bytes: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            asleep: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            is_patient,
            writer: OnceLock::new(),
            drops,
        }))
    }

    /// An empty buffer for a line.
    #[inline]
    pub(crate) fn buffer(&self) -> Vec<u8> {
        match self.spare.pop() {
            Some(buffer) => buffer,
            None => Vec::with_capacity(USUAL),
        }
    }

    /// Room for what the line of a request tells, with what it told of another.
    #[inline]
    pub(crate) fn visit(&self) -> Box<Visit> {
        self.spare_visits
            .pop()
            .unwrap_or_else(|| Box::new(Visit::with_room(USUAL)))
    }

    /// Hands a line on, or drops it and counts that.
    #[inline]
    pub(crate) fn put(&self, line: Line) {
        let bytes = line.bytes();
        if self.closed.load(Ordering::Relaxed) {
            return self.refuse(line, "shutdown");
        }
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > BYTES {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return self.refuse(line, "queue_full");
        }
        if let Err(line) = self.lines.push(line) {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return self.refuse(line, "queue_full");
        }
        if self.is_patient && self.is_pressing() {
            self.wake();
        }
        self.wake_if_asleep();
    }

    /// Hands a line on that is to be written whatever else there is; whether there is room even for that.
    pub(crate) fn put_surely(&self, line: Line) -> bool {
        if self.closed.load(Ordering::Relaxed) {
            self.refuse(line, "shutdown");
            return false;
        }
        self.bytes.fetch_add(line.bytes(), Ordering::Relaxed);
        if let Err(line) = self.lines.push(line) {
            if let Err(line) = self.reserved.push(line) {
                self.bytes.fetch_sub(line.bytes(), Ordering::Relaxed);
                self.refuse(line, "queue_full");
                return false;
            }
        }
        self.wake_if_asleep();
        true
    }

    /// Whether there is room for one more line.
    pub(crate) fn has_room(&self) -> bool {
        !self.lines.is_full() && self.bytes.load(Ordering::Relaxed) < BYTES
    }

    #[inline]
    pub(crate) fn wake_if_asleep(&self) {
        // With the fence of `may_sleep`: either it sees the line, or this sees that it sleeps.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::Relaxed) {
            self.wake();
        }
    }

    #[cold]
    fn refuse(&self, line: Line, reason: &'static str) {
        self.dropped(reason, 1);
        self.recycle(line.content);
    }

    /// Takes the next line out.
    pub(crate) fn take(&self) -> Option<Line> {
        // There are some only where there was no room for more.
        let line = self.reserved.pop().or_else(|| self.lines.pop())?;
        self.bytes.fetch_sub(line.bytes(), Ordering::Relaxed);
        Some(line)
    }

    /// Gives buffers back, for lines to come; or there are enough.
    pub(crate) fn recycle(&self, content: Content) {
        match content {
            Content::Written(mut buffer) => {
                buffer.clear();
                if buffer.capacity() <= LARGEST_SPARE {
                    let _ = self.spare.push(buffer);
                }
            }
            Content::Access(visit) => {
                if visit.path.capacity() <= LARGEST_SPARE {
                    let _ = self.spare_visits.push(visit);
                }
            }
        }
    }

    /// Counts lines that are lost.
    #[cold]
    pub(crate) fn dropped(&self, reason: &'static str, number: usize) {
        resolve::<Counter>(self.drops, &[reason]).add(number as u64);
    }

    /// How many were lost for this reason.
    pub(crate) fn lost(&self, reason: &'static str) -> u64 {
        resolve::<Counter>(self.drops, &[reason]).value()
    }

    /// From now on this thread writes.
    pub(crate) fn written_by(&self, thread: Thread) {
        let _ = self.writer.set(thread);
    }

    /// Wakes who writes.
    pub(crate) fn wake(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    /// Whether so many wait that they should be written now.
    pub(crate) fn is_pressing(&self) -> bool {
        self.lines.len() >= LINES / 2 || self.bytes.load(Ordering::Relaxed) >= BYTES / 2
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lines.len() + self.reserved.len()
    }

    /// The writer has taken so many lines and writes them; 0 once it is done.
    pub(crate) fn writes(&self, lines: usize) {
        self.under_way.store(lines, Ordering::Relaxed);
    }

    /// Lines that are not written yet.
    pub(crate) fn unwritten(&self) -> usize {
        self.waiting() + self.under_way.load(Ordering::Relaxed)
    }

    /// Says that the writer is about to sleep; `false` where there is something to do after all.
    pub(crate) fn may_sleep(&self) -> bool {
        self.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let may = self.waiting() == 0;
        if !may {
            self.asleep.store(false, Ordering::Relaxed);
        }
        may
    }

    /// The writer is awake, and looks by itself.
    pub(crate) fn is_awake(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// From now on what comes is dropped.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}
