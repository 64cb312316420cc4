//! `system_*`: the machine, the control group and the network of the process, as Linux sees them.
//!
//! What cannot be had is left out, never shown as 0. None of the counters says when it began: nobody knows it of a device or of a control
//! group.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::metrics::{Sink, Source, Type, show};
use crate::system::container::{Container, Group};
use crate::system::disk::{Disk, Disks};
use crate::system::file::{Kept, Texts};
use crate::system::host::{MODES, Times, times};
use crate::system::network::{Device, Devices};

mod families;

/// The machine that this is.
pub(crate) struct Machine(Arc<Open>);

/// Opened once, for all monitorings of the process.
static OPEN: LazyLock<Arc<Open>> =
    LazyLock::new(|| Arc::new(Open::new("/proc".into(), "/sys".into())));

/// The files that are read of it.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    Stat,
    Online,
    Meminfo,
    Diskstats,
    NetDev,
    CpuPressure,
    MemoryPressure,
    IoPressure,
}

/// How many there are.
const FILES: usize = 8;

/// The files, kept open.
struct Open {
    proc: PathBuf,
    sys: PathBuf,
    files: [Kept; FILES],
    disks: Disks,
    devices: Devices,
    container: Container,
    /// What the processors had done the last time.
    times: Mutex<Times>,
    /// Whose files these are: a process that forks takes them along, and both would read on where the other one is.
    process: u32,
}

/// The machine at one time.
pub(crate) struct Reading<'a> {
    open: &'a Open,
    texts: Texts<FILES>,
    disks: OnceCell<Vec<Disk>>,
    devices: OnceCell<Vec<Device>>,
    group: OnceCell<Option<Group>>,
}

impl Machine {
    /// This machine; `None` where nothing can be read of it.
    pub(crate) fn this() -> Option<Self> {
        cfg!(target_os = "linux").then(|| Self(Arc::clone(&OPEN)))
    }

    /// What files in these folders say.
    #[cfg(test)]
    fn at(proc: PathBuf, sys: PathBuf) -> Self {
        Self(Arc::new(Open::new(proc, sys)))
    }
}

impl Source for Machine {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        let open = &self.0;
        match open.process == std::process::id() {
            true => open.show(taken, sink),
            false => Open::new(open.proc.clone(), open.sys.clone()).show(taken, sink),
        }
    }

    fn is_of_catalogue(&self) -> bool {
        true
    }
}

impl Open {
    fn new(proc: PathBuf, sys: PathBuf) -> Self {
        // Of some the first lines are enough, and one piece of the kernel's.
        let of = |folder: &Path, file: &str| Kept::open(folder.join(file));
        let start = |file: &str| Kept::open_start(proc.join(file), 512);
        Self {
            files: [
                start("stat"),
                of(&sys, "devices/system/cpu/online"),
                start("meminfo"),
                of(&proc, "diskstats"),
                of(&proc, "self/net/dev"),
                of(&proc, "pressure/cpu"),
                of(&proc, "pressure/memory"),
                of(&proc, "pressure/io"),
            ],
            disks: Disks::new(&sys),
            devices: Devices::new(&sys),
            container: Container::new(&proc),
            times: Mutex::default(),
            process: std::process::id(),
            proc,
            sys,
        }
    }

    fn show(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        show(&Reading::FAMILIES, &self.reading(), taken, sink);
    }

    fn reading(&self) -> Reading<'_> {
        Reading {
            open: self,
            texts: Texts::new(),
            disks: OnceCell::new(),
            devices: OnceCell::new(),
            group: OnceCell::new(),
        }
    }
}

impl Reading<'_> {
    fn text(&self, of: Of) -> &str {
        self.texts.of(&self.open.files, of as usize)
    }

    /// What the processors have done since boot, in ticks.
    fn times(&self) -> Option<[u64; MODES.len()]> {
        let now = times(self.text(Of::Stat))?;
        let before = &self.open.times;
        let mut before = before.lock().unwrap_or_else(PoisonError::into_inner);
        Some(before.hold(now))
    }

    fn disks(&self) -> &[Disk] {
        let disks = || self.open.disks.of(self.text(Of::Diskstats));
        self.disks.get_or_init(disks)
    }

    fn devices(&self) -> &[Device] {
        let devices = || self.open.devices.of(self.text(Of::NetDev));
        self.devices.get_or_init(devices)
    }

    fn group(&self) -> Option<&Group> {
        let group = || self.open.container.group();
        self.group.get_or_init(group).as_ref()
    }
}

#[cfg(test)]
mod tests;
