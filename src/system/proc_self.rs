//! The files of `/proc/self`, each read when something of it is wanted first.
//!
//! Source: proc(5).

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::system::file::{self, Kept, Texts};
use crate::system::words::{after, bytes};

const FOLDER: &str = "/proc/self";

/// Those of its files that are read.
#[derive(Clone, Copy)]
enum Of {
    Stat,
    Status,
    Limits,
}

/// Their names, in that order.
const FILES: [&str; 3] = ["stat", "status", "limits"];

/// The parts of a second in which Linux tells programs times, on every processor that Rust has Linux for (`USER_HZ`).
/// Asking the system needs `unsafe` or a crate for this one number.
const TICKS: u64 = 100;

/// Entries of a folder that are listed each time: more of them take milliseconds.
const FEW: u64 = 1000;

/// How long it is taken to have as many as when it was listed last, where they are more.
const LASTS: Duration = Duration::from_secs(10);

/// How many entries a folder had when it was listed last.
#[derive(Default)]
struct Listed(Mutex<Option<(Instant, u64)>>);

/// The files, kept open: a process that has no descriptor left can still tell how many it may have.
pub(crate) struct Open {
    files: [Kept; FILES.len()],
    open_files: Listed,
    /// Whose files these are: a process that forks takes them along.
    process: u32,
}

/// The files at one time. What cannot be read is empty, and says nothing.
pub(crate) struct Files<'a> {
    open: &'a Open,
    texts: Texts<{ FILES.len() }>,
}

/// A moment, in ticks since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(u64);

impl Moment {
    pub(crate) fn seconds(self) -> f64 {
        in_seconds(self.0)
    }

    pub(crate) fn nanoseconds(self) -> u64 {
        self.0.saturating_mul(1_000_000_000 / TICKS)
    }
}

impl Open {
    pub(crate) fn new() -> Self {
        Self {
            files: FILES.map(|name| Kept::open(Path::new(FOLDER).join(name))),
            open_files: Listed::default(),
            process: std::process::id(),
        }
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    /// What the files say now.
    pub(crate) fn files(&self) -> Files<'_> {
        Files {
            open: self,
            texts: Texts::new(),
        }
    }
}

impl Files<'_> {
    fn text(&self, of: Of) -> &str {
        self.texts.of(&self.open.files, of as usize)
    }

    /// Of all threads, those that have ended among them.
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        let (user, system) = (
            field(self.text(Of::Stat), 14)?,
            field(self.text(Of::Stat), 15)?,
        );
        user.checked_add(system).map(in_seconds)
    }

    /// When the process began. It is told since boot, and when that was to the second.
    pub(crate) fn start(&self) -> Option<Moment> {
        // Not by /proc/uptime, which containers under lxcfs have of their own.
        start(&file::read(Path::new("/proc/stat")), self.text(Of::Stat))
    }

    pub(crate) fn open_files(&self) -> Option<u64> {
        const FOLDER: &str = "/proc/self/fd";
        // Since Linux 6.2 the folder's size is how many there are.
        match fs::metadata(FOLDER).ok()?.len() {
            0 => {
                let listed = self
                    .open
                    .open_files
                    .count(Path::new(FOLDER), Instant::now());
                listed?.checked_sub(1) // the list itself is one
            }
            counted => Some(counted),
        }
    }

    pub(crate) fn most_open_files(&self) -> Option<u64> {
        limit(self.text(Of::Limits), "Max open files")
    }

    // `stat` has the sizes too, but on a machine of many processors the kernel adds them up exactly only for `status`.
    pub(crate) fn virtual_bytes(&self) -> Option<u64> {
        bytes(self.text(Of::Status), "VmSize:")
    }

    pub(crate) fn most_virtual_bytes(&self) -> Option<u64> {
        limit(self.text(Of::Limits), "Max address space")
    }

    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        bytes(self.text(Of::Status), "VmRSS:")
    }

    pub(crate) fn threads(&self) -> Option<u64> {
        after(self.text(Of::Status), "Threads:")?
            .trim()
            .parse()
            .ok()
    }
}

/// Of what Linux tells in ticks.
pub(crate) fn in_seconds(ticks: u64) -> f64 {
    ticks as f64 / TICKS as f64
}

impl Listed {
    /// How many entries the folder has, or had a short time ago.
    fn count(&self, folder: &Path, now: Instant) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lasts = |(when, count): &(Instant, u64)| {
            *count > FEW && now.saturating_duration_since(*when) < LASTS
        };
        if let Some((_, count)) = last.filter(lasts) {
            return Some(count);
        }
        let count = list(folder)?;
        *last = Some((now, count));
        Some(count)
    }
}

/// How many entries a folder has, if all could be read.
fn list(folder: &Path) -> Option<u64> {
    let entries = fs::read_dir(folder).ok()?;
    entries
        .map(|entry| entry.map_or(None, |_| Some(1)))
        .sum::<Option<u64>>()
}

/// A field of `stat`, by its number in proc(5), the first of which is 1.
fn field(stat: &str, number: usize) -> Option<u64> {
    // The second is the name in parentheses, which can hold blanks and parentheses; no other field can.
    let (_name, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(number - 3)?.parse().ok()
}

/// What holds of a limit, which can be raised no further than to the second number; `None` for `unlimited`.
fn limit(limits: &str, word: &str) -> Option<u64> {
    let mut numbers = after(limits, word)?.split_ascii_whitespace();
    numbers.next()?.parse().ok()
}

/// When a process began, by `/proc/stat` and its own.
fn start(system: &str, stat: &str) -> Option<Moment> {
    let boot: u64 = after(system, "btime ")?.trim().parse().ok()?;
    let since_boot = field(stat, 22)?;
    boot.checked_mul(TICKS)?.checked_add(since_boot).map(Moment)
}

#[cfg(test)]
mod tests;
