//! What tests share: folders with files as the kernel writes them, lines of what is shown, and patience.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::metrics::{Head, Sample, Sink, Source, Value};

/// A folder of a test's own, which goes with this.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("ecolaura-system-{}-{name}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        let _ = fs::remove_dir_all(&folder.0); // it is not there
        folder.folder("");
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn folder(&self, path: &str) {
        fs::create_dir_all(self.0.join(path)).unwrap();
    }

    /// Writes a file, and makes the folders that it is in.
    pub(crate) fn file(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.0.join(path)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Takes everything, and keeps it as lines of a name, the values of its labels and a number.
#[derive(Default)]
pub(crate) struct Lines {
    name: String,
    pub(crate) lines: Vec<String>,
}

impl Lines {
    pub(crate) fn of(source: &dyn Source) -> Vec<String> {
        let mut lines = Self::default();
        source.collect(&|_, _| false, &mut lines);
        lines.lines
    }
}

impl Sink for Lines {
    fn family(&mut self, head: &Head<'_>) -> bool {
        head.name.clone_into(&mut self.name);
        true
    }

    fn series(&mut self, series: &Sample<'_>) {
        let value = match series.value {
            Value::Whole(number) => number.to_string(),
            Value::Number(number) => number.to_string(),
            _ => panic!("a number"),
        };
        let labels = series.labels.values.join(",");
        self.lines.push(format!("{} {labels} {value}", self.name));
    }
}

/// Waits until something is so, which other tests of the process or other threads may put off.
#[track_caller]
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not in time");
        thread::yield_now();
    }
}
