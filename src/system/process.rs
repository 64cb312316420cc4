//! `process_*`: this process as Linux sees it.
//!
//! What cannot be had is left out: a family is shown with the number that was read, or not at all.

use std::sync::LazyLock;

use crate::catalog::{self, Kind, Metric};
use crate::metrics::{Head, Labels, Sample, Sink, Source, Timestamp, Type, Value};
use crate::system::proc_self::{Files, Moment, Open};

/// The process that this is.
pub(crate) struct Process {
    /// Read once: it is a sum with the time of boot, which moves whenever the clock is set.
    start: Option<Moment>,
    open: &'static Open,
}

/// Opened once, for all monitorings of the process.
static OPEN: LazyLock<Open> = LazyLock::new(Open::new);

/// Looks a number up; `None` where it cannot be had.
type Look = fn(&Process, &Files<'_>) -> Option<Value<'static>>;

const FAMILIES: [(Metric, Look); 8] = [
    (catalog::PROCESS_CPU, |_, files| {
        files.cpu_seconds().map(Value::Number)
    }),
    (catalog::PROCESS_OPEN_FDS, |_, files| {
        files.open_files().map(Value::Whole)
    }),
    (catalog::PROCESS_MAX_FDS, |_, files| {
        files.most_open_files().map(Value::Whole)
    }),
    (catalog::PROCESS_VIRTUAL_MEMORY, |_, files| {
        files.virtual_bytes().map(Value::Whole)
    }),
    (catalog::PROCESS_VIRTUAL_MEMORY_MAX, |_, files| {
        files.most_virtual_bytes().map(Value::Whole)
    }),
    (catalog::PROCESS_RESIDENT_MEMORY, |_, files| {
        files.resident_bytes().map(Value::Whole)
    }),
    (catalog::PROCESS_START_TIME, |process, _| {
        process.start.map(|start| Value::Number(start.seconds()))
    }),
    (catalog::PROCESS_THREADS, |_, files| {
        files.threads().map(Value::Whole)
    }),
];

impl Process {
    /// This process; `None` where nothing can be read of it.
    pub(crate) fn this() -> Option<Self> {
        // Other systems have a /proc too, and other things in it.
        cfg!(target_os = "linux").then(|| Self {
            start: Files::default().start(),
            open: &OPEN,
        })
    }

    fn show(&self, files: &Files<'_>, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        for (metric, look) in &FAMILIES {
            if sink.is_done() {
                return;
            }
            if !sink.family(&Head::of(metric)) {
                continue;
            }
            let Some(value) = look(self, files) else {
                continue;
            };
            if taken(metric.name(), Type::Ours(metric.kind())) {
                continue;
            }
            let start = self.start.filter(|_| metric.kind() == Kind::Counter);
            sink.series(&Sample {
                labels: Labels::new(&[], &[]),
                value,
                since: start.map(|start| Timestamp(start.nanoseconds())),
                exemplar: None,
            });
        }
    }
}

impl Source for Process {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        self.show(&self.open.files(), taken, sink);
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {

    use super::*;

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
        let files = Files::default();
        let mut names = Names {
            wanted,
            name: String::new(),
            shown: Vec::new(),
        };
        let process = Process::this().unwrap();
        process.show(&files, &|_, _| false, &mut names);
        assert_eq!(names.shown, wanted);
        assert_eq!(files.which_were_read(), expected, "{wanted:?}");
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
