//! The thread that writes lines: takes what waits, writes it, and counts what is lost.

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tracing::Level;

use crate::catalog::{self, Dataset};
use crate::logs::Logs;
use crate::logs::callsite::Callsite;
use crate::logs::output::{self, Content, Line};
use crate::logs::own::{LEVELS, Origin, place};
use crate::logs::pairs::{Kind, Pairs};
use crate::logs::target::{Target, flush, write_all};
use crate::metrics::{Counter, FamilyCore, Registry, resolve};

/// What is written at a time.
const BATCH: usize = 64 << 10;

/// How long to wait for more before going to sleep: meanwhile nobody has to wake this.
const LINGER: Duration = Duration::from_millis(2);

/// How long what waits at the end may take to be written.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How often it is told that lines were lost.
const TELL_AGAIN: Duration = Duration::from_secs(10);

/// How long lines that were held back wait for a later line of their place to announce them.
const HELD_BACK: Duration = Duration::from_secs(5);

/// Places of which it is announced one by one that lines were held back; of the others all together.
const MOST_PLACES: usize = 64;

/// How often it is told that they cannot be written.
const FAILS_AGAIN: Duration = Duration::from_secs(600);

/// Writes the lines of one monitoring until it is dropped.
pub(crate) struct Writer {
    logs: &'static Logs,
    thread: Thread,
    orders: mpsc::Sender<Order>,
}

enum Order {
    /// Write all that waits now, and say whether that was done.
    Flush(Box<dyn FnOnce(bool) + Send>),
    /// Write all that waits, drop this, and end.
    Stop(mpsc::Sender<()>),
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(
        logs: &'static Logs,
        registry: Registry,
        target: Target,
    ) -> io::Result<Self> {
        let (sender, orders) = mpsc::channel();
        let work = Work {
            logs,
            target: target.to,
            written: registry.own(catalog::LOG_LINES),
            batch: Vec::with_capacity(BATCH),
            lines: Lines::default(),
            patience: target.patience,
            told: None,
            lost: 0,
            held_back: HeldBack::default(),
            failed: None,
            is_broken: false,
            taken: 0,
            has_failed: false,
            is_failing: false,
        };
        let thread = thread::Builder::new().name("monitoring-logs".into());
        let handle = thread.spawn(move || work.run(&orders))?;
        logs.output.written_by(handle.thread().clone());
        Ok(Self {
            logs,
            thread: handle.thread().clone(),
            orders: sender,
        })
    }

    /// Writes all that waits now, and then does this, which is told whether it was written.
    pub(crate) fn flush(&self, then: impl FnOnce(bool) + Send + 'static) {
        let _ = self.orders.send(Order::Flush(Box::new(then)));
        self.thread.unpark();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.logs.output.close();
        let (end, ended) = mpsc::channel();
        let _ = self.orders.send(Order::Stop(end));
        self.thread.unpark();
        let _ = ended.recv_timeout(LAST_WORDS); // what it writes to may hang
    }
}

/// Lines by stream and level.
type Lines = [[usize; LEVELS.len()]; Dataset::ALL.len()];

/// Lines that the limits of their places held back.
#[derive(Default)]
struct HeldBack {
    /// How many there were when it was looked at last.
    seen: u64,
    /// Since when some are not announced.
    since: Option<Instant>,
}

struct Work {
    logs: &'static Logs,
    target: Box<dyn Write + Send>,
    written: &'static FamilyCore,
    patience: Duration,
    batch: Vec<u8>,
    /// Those in the batch.
    lines: Lines,
    /// When it was told that lines were lost, and how many were by then.
    told: Option<Instant>,
    lost: u64,
    held_back: HeldBack,
    /// When it was told that they cannot be written.
    failed: Option<Instant>,
    /// The last line was not written whole.
    is_broken: bool,
    /// Lines that were taken.
    taken: usize,
    /// The last ones could not be written: nobody would read what is told of them.
    is_failing: bool,
    /// Some were not written since somebody asked.
    has_failed: bool,
}

impl Work {
    fn run(mut self, orders: &mpsc::Receiver<Order>) {
        let output = &self.logs.output;
        output::writes();
        let mut has_lingered = false;
        let _end = loop {
            let wrote = self.write_some();
            self.tell_lost();
            self.announce_held_back(false);
            match orders.try_recv() {
                Ok(Order::Flush(then)) => {
                    then(self.write_all_there_is());
                    continue;
                }
                Ok(Order::Stop(end)) => break Some(end),
                Err(mpsc::TryRecvError::Disconnected) => break None,
                Err(mpsc::TryRecvError::Empty) => {}
            }
            // An order that comes from here on leaves a token: the next `park` returns at once.
            let is_patient = !self.patience.is_zero() && !output.is_pressing();
            if wrote && !is_patient {
                has_lingered = false;
            } else if wrote || !has_lingered {
                thread::park_timeout(self.patience.max(LINGER));
                has_lingered = true;
            } else if output.may_sleep() {
                self.sleep();
                output.is_awake();
            }
        };
        self.write_all_there_is();
    }

    /// Sleeps until it is woken, or until a report is due.
    fn sleep(&self) {
        if self.held_back.since.is_some() {
            thread::park_timeout(HELD_BACK);
        } else if self.lost != self.lost_now() && !self.is_failing {
            thread::park_timeout(TELL_AGAIN); // lost lines are not reported yet
        } else {
            thread::park();
        }
    }

    /// Writes what waits now, and what there is to say of lines that are not written: nothing may come after it. Whether all of it was
    /// written.
    fn write_all_there_is(&mut self) -> bool {
        self.write_waiting();
        self.told = None;
        self.tell_lost();
        self.announce_held_back(true);
        !std::mem::take(&mut self.has_failed)
    }

    /// Lines that were lost until now.
    fn lost_now(&self) -> u64 {
        let output = &self.logs.output;
        output.lost("queue_full") + output.lost("write_failed")
    }

    /// Writes what waits now, whatever comes meanwhile.
    fn write_waiting(&mut self) {
        let mut waiting = self.logs.output.waiting();
        while waiting > 0 {
            let before = self.taken;
            if !self.write_some() {
                break;
            }
            waiting = waiting.saturating_sub(self.taken - before);
        }
    }

    /// Writes what waits, as much as makes a batch; whether there was anything.
    fn write_some(&mut self) -> bool {
        let output = &self.logs.output;
        while self.batch.len() < BATCH {
            let Some(line) = output.take() else { break };
            self.taken += 1;
            self.lines[line.dataset as usize][place(line.level)] += 1;
            self.add(line);
        }
        if self.batch.is_empty() {
            return false;
        }
        self.write_batch();
        true
    }

    /// Adds a line to the batch.
    fn add(&mut self, line: Line) {
        match &line.content {
            Content::Written(text) => self.batch.extend_from_slice(text),
            Content::Access(visit) => self.logs.write_access(&mut self.batch, visit),
        }
        self.logs.output.recycle(line.content);
    }

    fn write_batch(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        // What it writes to may be the service's own code.
        let number = lines.iter().flatten().sum();
        self.logs.output.writes(number);
        let written = panic::catch_unwind(AssertUnwindSafe(|| self.try_write()));
        self.logs.output.writes(0);
        self.batch.clear();
        let result = written.unwrap_or_else(|payload| {
            std::mem::forget(payload); // dropping it may panic, too
            Err(io::Error::other("the writer panicked"))
        });
        match result {
            Ok(()) => {
                self.is_failing = false;
                self.count(&lines);
            }
            Err(error) => {
                (self.has_failed, self.is_failing) = (true, true);
                self.logs.output.dropped("write_failed", number);
                self.tell_failed(&error);
            }
        }
    }

    /// Writes the batch, on a line of its own if the one before was not written to its end.
    fn try_write(&mut self) -> io::Result<()> {
        if self.is_broken {
            write_all(&mut *self.target, b"\n", &mut false)?;
            self.is_broken = false;
        }
        write_all(&mut *self.target, &self.batch, &mut self.is_broken)?;
        self.is_broken = false;
        flush(&mut *self.target)
    }

    fn count(&self, lines: &Lines) {
        for (dataset, of_levels) in Dataset::ALL.iter().zip(lines) {
            for (level, number) in LEVELS.iter().zip(of_levels) {
                if *number > 0 {
                    let labels = [dataset.as_str(), level];
                    resolve::<Counter>(self.written, &labels).add(*number as u64);
                }
            }
        }
    }

    /// Says where somebody may see it that lines cannot be written, but not each time.
    fn tell_failed(&mut self, error: &io::Error) {
        let is_time = |told: Instant| told.elapsed() >= FAILS_AGAIN;
        if self.failed.is_none_or(is_time) {
            self.failed = Some(Instant::now());
            let _ = writeln!(io::stderr(), "lines of the log are lost: {error}");
        }
    }

    /// Says that lines were lost for want of room, but not each time.
    fn tell_lost(&mut self) {
        let lost = self.lost_now();
        let is_time = self.told.is_none_or(|told| told.elapsed() >= TELL_AGAIN);
        if lost == self.lost || !is_time || self.is_failing {
            return;
        }
        let mut pairs = Pairs::default();
        let style = self.logs.format.style;
        pairs.add_number(style, Kind::Label, catalog::LINES_LOST, lost - self.lost);
        let message = b"lines were lost: more came than could be written, or nobody took them";
        let dataset = Dataset::Application;
        let logs = self.logs;
        let line = logs.own_line(dataset, Level::WARN, None, message, &pairs);
        self.add(line);
        (self.told, self.lost) = (Some(Instant::now()), lost);
        self.lines[dataset as usize][place(Level::WARN)] += 1;
        self.write_batch();
    }

    /// Says how many lines of a place were held back where no later line of it does: after a while in which it wrote none, or at the
    /// end.
    fn announce_held_back(&mut self, at_end: bool) {
        let seen = self.logs.output.lost("rate_limited");
        if seen != self.held_back.seen {
            self.held_back.since.get_or_insert_with(Instant::now);
        }
        let Some(since) = self.held_back.since else {
            return;
        };
        if self.is_failing || !(at_end || since.elapsed() >= HELD_BACK) {
            return;
        }
        let logs = self.logs;
        let (mut places, mut beyond) = (0, 0);
        let is_any_left = logs.callsites.take_held_back(at_end, |place, number| {
            if place.is_none() || places == MOST_PLACES {
                beyond += number;
                return;
            }
            places += 1;
            self.add_held_back(place, number);
        });
        if beyond > 0 {
            self.add_held_back(None, beyond);
        }
        self.held_back = HeldBack {
            seen,
            since: is_any_left.then(Instant::now),
        };
        if !self.batch.is_empty() {
            self.write_batch();
        }
    }

    /// Adds the line that says how many lines of a place, or of others, were held back.
    fn add_held_back(&mut self, place: Option<&'static Callsite>, number: u64) {
        let logs = self.logs;
        let mut pairs = Pairs::default();
        pairs.add_number(
            logs.format.style,
            Kind::Label,
            catalog::LINES_HELD_BACK,
            number,
        );
        let (whose, origin) = match place {
            Some(callsite) => ("this place", callsite.origin()),
            None => ("other places", Origin::OWN),
        };
        let most = logs.callsites.most_per_second();
        let message =
            format!("lines of {whose} were held back: at most {most} a second are written");
        let (dataset, level) = (Dataset::Application, Level::WARN);
        let line = logs.line_of(origin, dataset, level, None, message.as_bytes(), &pairs);
        self.lines[dataset as usize][self::place(level)] += 1;
        self.add(line);
    }
}
