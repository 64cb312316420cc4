//! The files of `/proc/self`, each read when something of it is wanted first.
//!
//! Source: proc(5).

use std::cell::OnceCell;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::sync::{Mutex, PoisonError};

const STAT: &str = "/proc/self/stat";
const STATUS: &str = "/proc/self/status";
const LIMITS: &str = "/proc/self/limits";

/// The parts of a second in which Linux tells programs times, on every processor that Rust has Linux for (`USER_HZ`).
/// Asking the system needs `unsafe` or a crate for this one number.
const TICKS: u64 = 100;

/// The files, kept open: a process that has no descriptor left can still tell how many it may have.
pub(crate) struct Open {
    stat: Option<Mutex<File>>,
    status: Option<Mutex<File>>,
    limits: Option<Mutex<File>>,
    /// Whose files these are: a process that forks takes them along.
    process: u32,
}

/// The files at one time. What cannot be read is empty, and says nothing.
#[derive(Default)]
pub(crate) struct Files<'a> {
    open: Option<&'a Open>,
    stat: OnceCell<String>,
    status: OnceCell<String>,
    limits: OnceCell<String>,
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
        let open = |path| File::open(path).ok().map(Mutex::new);
        Self {
            stat: open(STAT),
            status: open(STATUS),
            limits: open(LIMITS),
            process: std::process::id(),
        }
    }

    /// What the files say now.
    pub(crate) fn files(&self) -> Files<'_> {
        let is_ours = self.process == std::process::id();
        Files {
            open: is_ours.then_some(self),
            ..Files::default()
        }
    }
}

impl Files<'_> {
    fn stat(&self) -> &str {
        self.stat.get_or_init(|| self.read(|open| &open.stat, STAT))
    }

    fn status(&self) -> &str {
        self.status
            .get_or_init(|| self.read(|open| &open.status, STATUS))
    }

    fn limits(&self) -> &str {
        self.limits
            .get_or_init(|| self.read(|open| &open.limits, LIMITS))
    }

    fn read(&self, which: fn(&Open) -> &Option<Mutex<File>>, path: &str) -> String {
        match self.open.and_then(|open| which(open).as_ref()) {
            Some(file) => read_again(&mut file.lock().unwrap_or_else(PoisonError::into_inner)),
            None => read(path),
        }
    }

    /// Of all threads, those that have ended among them.
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        let (user, system) = (field(self.stat(), 14)?, field(self.stat(), 15)?);
        user.checked_add(system).map(in_seconds)
    }

    /// When the process began. It is told since boot, and when that was to the second.
    pub(crate) fn start(&self) -> Option<Moment> {
        // Not by /proc/uptime, which containers under lxcfs have of their own.
        start(&read("/proc/stat"), self.stat())
    }

    pub(crate) fn open_files(&self) -> Option<u64> {
        const FOLDER: &str = "/proc/self/fd";
        // Since Linux 6.2 the folder's size is how many there are; listing ten thousand takes milliseconds.
        match fs::metadata(FOLDER).ok()?.len() {
            0 => list(FOLDER)?.checked_sub(1), // the list itself is one
            counted => Some(counted),
        }
    }

    pub(crate) fn most_open_files(&self) -> Option<u64> {
        limit(self.limits(), "Max open files")
    }

    // `stat` has the sizes too, but on a machine of many processors the kernel adds them up exactly only for `status`.
    pub(crate) fn virtual_bytes(&self) -> Option<u64> {
        bytes(self.status(), "VmSize:")
    }

    pub(crate) fn most_virtual_bytes(&self) -> Option<u64> {
        limit(self.limits(), "Max address space")
    }

    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        bytes(self.status(), "VmRSS:")
    }

    pub(crate) fn threads(&self) -> Option<u64> {
        after(self.status(), "Threads:")?.trim().parse().ok()
    }
}

fn in_seconds(ticks: u64) -> f64 {
    ticks as f64 / TICKS as f64
}

/// A file's text; empty if it cannot be read. The name of the process in it can be any bytes.
fn read(path: &str) -> String {
    File::open(path).map_or_else(|_| String::new(), |mut file| read_again(&mut file))
}

/// The text of a file that is open: of those in `/proc`, what it is now.
fn read_again(file: &mut File) -> String {
    let mut bytes = Vec::with_capacity(4096);
    match file.rewind().and_then(|()| file.read_to_end(&mut bytes)) {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

/// How many entries a folder has, if all could be read.
fn list(folder: &str) -> Option<u64> {
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

/// What stands behind a word at the start of a line.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(word))
}

/// A size in `status`.
fn bytes(status: &str, word: &str) -> Option<u64> {
    let size = after(status, word)?.trim().strip_suffix(" kB")?;
    size.parse::<u64>().ok()?.checked_mul(1024)
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
