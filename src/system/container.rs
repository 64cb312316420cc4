//! The control group that the process is in: of a container that of the container, under systemd that of the service.
//!
//! Only version 2 is read. Of limits the least holds, be it that of a group above this one, as far up as can be seen.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::system::file::{Kept, Texts, read};
use crate::system::group;
use crate::system::words::{keyed, micros, only};

/// The files of a group.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    CpuStat,
    CpuMax,
    MemoryCurrent,
    MemoryMax,
    MemoryStat,
    MemoryEvents,
    IoStat,
    CpuPressure,
    MemoryPressure,
    IoPressure,
}

/// Their names, in that order.
const FILES: [&str; 10] = [
    "cpu.stat",
    "cpu.max",
    "memory.current",
    "memory.max",
    "memory.stat",
    "memory.events",
    "io.stat",
    "cpu.pressure",
    "memory.pressure",
    "io.pressure",
];

/// The files of a group, kept open.
struct Open {
    files: [Kept; FILES.len()],
    /// Those of the groups above it that say how much they may use of processors and of memory.
    cpu_above: Vec<Kept>,
    memory_above: Vec<Kept>,
}

/// Finds the group of the process, which can be put into another one while it runs.
pub(crate) struct Container {
    cgroup: Kept,
    mountinfo: PathBuf,
    /// The path that the process was found at last, and its files where it is no root.
    found: Mutex<(String, Option<Arc<Open>>)>,
}

/// A group at one time.
pub(crate) struct Group {
    open: Arc<Open>,
    texts: Texts<{ FILES.len() }>,
}

impl Container {
    pub(crate) fn new(proc: &Path) -> Self {
        Self {
            cgroup: Kept::open(proc.join("self/cgroup")),
            mountinfo: proc.join("self/mountinfo"),
            found: Mutex::default(),
        }
    }

    /// The group that the process is in now.
    pub(crate) fn group(&self) -> Option<Group> {
        let cgroup = self.cgroup.read();
        let path = group::path(&cgroup)?;
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.0 != path {
            let mountinfo = read(&self.mountinfo);
            if mountinfo.is_empty() {
                return None; // no descriptor is left; the next time there may be one
            }
            let folder = group::folder(path, &mountinfo);
            let open = folder.map(|(folder, top)| Arc::new(Open::of(&folder, &top)));
            *found = (path.to_owned(), open);
        }
        let open = found.1.clone()?;
        Some(Group {
            open,
            texts: Texts::new(),
        })
    }
}

impl Open {
    /// The files of a group in this folder, of a hierarchy whose top is that one.
    fn of(folder: &Path, top: &Path) -> Self {
        let above = |name: &str| {
            let folders = folder.ancestors().skip(1);
            let folders = folders.take_while(|folder| folder.starts_with(top));
            let files = folders.map(|folder| folder.join(name));
            // The root of the machine has none.
            files.filter(|file| file.exists()).map(Kept::open).collect()
        };
        Self {
            files: FILES.map(|name| Kept::open(folder.join(name))),
            cpu_above: above("cpu.max"),
            memory_above: above("memory.max"),
        }
    }
}

impl Group {
    pub(crate) fn text(&self, of: Of) -> &str {
        self.texts.of(&self.open.files, of as usize)
    }

    /// Seconds of processors, or a part of them: `user_usec`, `system_usec`, `throttled_usec`.
    pub(crate) fn cpu_seconds(&self, key: &str) -> Option<f64> {
        keyed(self.text(Of::CpuStat), key).map(micros)
    }

    /// How many processors its quota is, or the least above it; `None` where there is none.
    pub(crate) fn cores(&self) -> Option<f64> {
        let above = self.open.cpu_above.iter();
        let above = above.filter_map(|file| cores(&file.read()));
        above.chain(cores(self.text(Of::CpuMax))).reduce(f64::min)
    }

    /// Its memory without the pages of files that were not used lately: the working set by which a kubelet decides.
    pub(crate) fn used_memory(&self) -> Option<u64> {
        let inactive = keyed(self.text(Of::MemoryStat), "inactive_file")?;
        // The two are not of one moment.
        only(self.text(Of::MemoryCurrent)).map(|all| all.saturating_sub(inactive))
    }

    /// The memory that it may use, by itself or together with others; `None` where that is not limited.
    pub(crate) fn most_memory(&self) -> Option<u64> {
        let above = self.open.memory_above.iter();
        let above = above.filter_map(|file| only(&file.read()));
        above.chain(only(self.text(Of::MemoryMax))).min()
    }
}

/// How many processors a quota is, such as `50000 100000`; `None` for `max 100000`.
fn cores(max: &str) -> Option<f64> {
    let (quota, period) = max.trim_end().split_once(' ')?;
    let (quota, period) = (quota.parse::<u64>().ok()?, period.parse::<u64>().ok()?);
    (period != 0).then(|| quota as f64 / period as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_of_a_quota() {
        let check = |max, expected| assert_eq!(cores(max), expected, "{max:?}");
        check("50000 100000\n", Some(0.5));
        check("400000 100000\n", Some(4.0));
        check("max 100000\n", None);
        check("50000 0\n", None);
        check("50000\n", None);
        check("50000 100000 1\n", None);
        check("-1 100000\n", None);
        check("18446744073709551616 1\n", None);
        check("", None);
    }
}
