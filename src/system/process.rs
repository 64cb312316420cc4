//! `process_*`: this process as Linux sees it.
//!
//! What cannot be had is left out: a family is shown with the number that was read, or not at all.

use std::sync::LazyLock;

use crate::catalog;
use crate::metrics::{Looked, Sink, Source, Timestamp, Type, Value, show};
use crate::system::proc_self::{Files, Moment, Open};

/// The process that this is.
pub(crate) struct Process {
    /// Read once: it is a sum with the time of boot, which moves whenever the clock is set.
    start: Option<Moment>,
}

/// Opened once, for all monitorings of the process.
static OPEN: LazyLock<Open> = LazyLock::new(Open::new);

/// When the process began, and what its files say.
struct Reading<'a> {
    start: Option<Moment>,
    files: Files<'a>,
}

impl Reading<'_> {
    const FAMILIES: [Looked<Self>; 8] = [
        (catalog::PROCESS_CPU, |reading, shown| {
            let since = reading.start.map(|start| Timestamp(start.nanoseconds()));
            shown.series_since(&[], reading.files.cpu_seconds().map(Value::Number), since);
        }),
        (catalog::PROCESS_OPEN_FDS, |reading, shown| {
            shown.series(&[], reading.files.open_files().map(Value::Whole));
        }),
        (catalog::PROCESS_MAX_FDS, |reading, shown| {
            shown.series(&[], reading.files.most_open_files().map(Value::Whole));
        }),
        (catalog::PROCESS_VIRTUAL_MEMORY, |reading, shown| {
            shown.series(&[], reading.files.virtual_bytes().map(Value::Whole));
        }),
        (catalog::PROCESS_VIRTUAL_MEMORY_MAX, |reading, shown| {
            shown.series(&[], reading.files.most_virtual_bytes().map(Value::Whole));
        }),
        (catalog::PROCESS_RESIDENT_MEMORY, |reading, shown| {
            shown.series(&[], reading.files.resident_bytes().map(Value::Whole));
        }),
        (catalog::PROCESS_START_TIME, |reading, shown| {
            let start = reading.start.map(Moment::seconds);
            shown.series(&[], start.map(Value::Number));
        }),
        (catalog::PROCESS_THREADS, |reading, shown| {
            shown.series(&[], reading.files.threads().map(Value::Whole));
        }),
    ];
}

impl Process {
    /// This process; `None` where nothing can be read of it.
    pub(crate) fn this() -> Option<Self> {
        // Other systems have a /proc too, and other things in it.
        cfg!(target_os = "linux").then(|| Self {
            start: OPEN.files().start(),
        })
    }

    fn show(&self, open: &Open, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        show(&Reading::FAMILIES, &self.read(open), taken, sink);
    }

    fn read<'a>(&self, open: &'a Open) -> Reading<'a> {
        Reading {
            start: self.start,
            files: open.files(),
        }
    }
}

impl Source for Process {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        match OPEN.is_ours() {
            true => self.show(&OPEN, taken, sink),
            false => self.show(&Open::new(), taken, sink),
        }
    }

    fn is_of_catalogue(&self) -> bool {
        true
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Head, Sample};

    /// Wants some families, and keeps the names of those that have a series.
    struct Names {
        wanted: &'static [&'static str],
        name: String,
        shown: Vec<String>,
    }

    impl Sink for Names {
        fn family(&mut self, head: &Head<'_>) -> bool {
            head.name.clone_into(&mut self.name);
            self.wanted.contains(&head.name)
        }

        fn series(&mut self, _series: &Sample<'_>) {
            self.shown.push(self.name.clone());
        }
    }

    /// Expects these files, and no others, to be read for these families.
    fn check(wanted: &'static [&'static str], expected: &[&str]) {
        let mut names = Names {
            wanted,
            name: String::new(),
            shown: Vec::new(),
        };
        let process = Process::this().unwrap();
        let reading = process.read(&OPEN);
        show(&Reading::FAMILIES, &reading, &|_, _| false, &mut names);
        assert_eq!(names.shown, wanted);
        assert_eq!(reading.files.which_were_read(), expected, "{wanted:?}");
    }

    #[test]
    fn only_what_is_wanted_is_read() {
        check(&[], &[]);
        check(&["process_open_fds", "process_start_time_seconds"], &[]);
        check(&["process_cpu_seconds_total"], &["stat"]);
        check(&["process_max_fds"], &["limits"]);
        check(
            &["process_resident_memory_bytes", "process_threads"],
            &["status"],
        );
    }

    #[test]
    fn a_name_that_is_taken_is_not_shown_again() {
        let mut names = Names {
            wanted: &["process_threads", "process_open_fds"],
            name: String::new(),
            shown: Vec::new(),
        };
        let process = Process::this().unwrap();
        process.collect(&|name, _| name == "process_threads", &mut names);
        assert_eq!(names.shown, ["process_open_fds"]);
    }
}
