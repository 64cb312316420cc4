//! What disks have read and written, and which of the block devices are disks.
//!
//! A byte is counted where it reaches a disk: partitions, and devices that lie upon others (device mapper, RAID, loop, volumes of ZFS, what
//! programs serve by ublk), would count it again. Drives whose disks are taken out, and devices that have never done anything, are left out.
//!
//! Source: the kernel's documentation, "I/O statistics fields", and for control groups "Control Group v2".

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::system::MOST_DEVICES;
use crate::system::known::{Known, told};

/// A sector, of whatever size those of the disk are.
const SECTOR: u64 = 512;

/// What was done in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) bytes: u64,
    pub(crate) operations: u64,
}

/// A disk of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) name: String,
    /// `major:minor`.
    number: String,
    pub(crate) read: Done,
    pub(crate) written: Done,
    /// Milliseconds in which it had something to do.
    pub(crate) busy: u64,
}

/// What a block device is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Disk,
    /// One of several ways to a disk.
    Path,
    Other,
}

/// Which block devices are disks.
pub(crate) struct Disks {
    blocks: PathBuf,
    known: Known<Kind>,
}

impl Disks {
    pub(crate) fn new(sys: &Path) -> Self {
        Self {
            blocks: sys.join("block"),
            known: Known::new(),
        }
    }

    /// The disks in `/proc/diskstats`.
    pub(crate) fn of(&self, diskstats: &str) -> Vec<Disk> {
        let lines: Vec<(&str, &str)> = diskstats.lines().filter_map(named).collect();
        let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
        let kinds = self
            .known
            .of(&names, Kind::Disk, |name| kind(&self.blocks, name));
        let of = |kind: Kind| {
            let lines = lines.iter().zip(&kinds);
            let lines = lines.filter(move |(_, found)| **found == kind);
            lines.filter_map(|((_, line), _)| disk(line))
        };
        let mut disks: Vec<Disk> = of(Kind::Disk).collect();
        let idle = disks.iter_mut().filter(|disk| !disk.has_done_something());
        // Before Linux 6.2 or so only the ways to such a disk count.
        idle.for_each(|disk| of(Kind::Path).for_each(|path| disk.add(&path)));
        disks.retain(Disk::has_done_something);
        disks
    }
}

impl Disk {
    fn has_done_something(&self) -> bool {
        let Self { read, written, .. } = self;
        [read.operations, written.operations, self.busy] != [0; 3]
    }

    /// Adds what went over this, if it is a way to this disk.
    fn add(&mut self, path: &Disk) {
        if disk_of(&path.name).as_ref() != Some(&self.name) {
            return;
        }
        self.read.add(path.read);
        self.written.add(path.written);
        self.busy = self.busy.saturating_add(path.busy);
    }
}

impl Done {
    fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.operations = self.operations.saturating_add(other.operations);
    }
}

/// A line and the name in it.
fn named(line: &str) -> Option<(&str, &str)> {
    Some((line.split_ascii_whitespace().nth(2)?, line))
}

/// A line of `/proc/diskstats`.
fn disk(line: &str) -> Option<Disk> {
    let mut words = line.split_ascii_whitespace();
    let (major, minor, name) = (words.next()?, words.next()?, words.next()?);
    let mut number = || words.next()?.parse::<u64>().ok();
    let (reads, _merged, sectors_read, _time) = (number()?, number()?, number()?, number()?);
    let (writes, _merged, sectors_written, _time) = (number()?, number()?, number()?, number()?);
    let (_in_flight, busy) = (number()?, number()?);
    Some(Disk {
        name: name.to_owned(),
        number: format!("{major}:{minor}"),
        read: Done {
            bytes: sectors_read.checked_mul(SECTOR)?,
            operations: reads,
        },
        written: Done {
            bytes: sectors_written.checked_mul(SECTOR)?,
            operations: writes,
        },
        busy,
    })
}

/// The disk to which one of NVMe's is a way: `nvme0n1` of `nvme0c3n1`.
fn disk_of(path: &str) -> Option<String> {
    let (subsystem, rest) = path.strip_prefix("nvme")?.split_once('c')?;
    let (_controller, namespace) = rest.split_once('n')?;
    Some(format!("nvme{subsystem}n{namespace}"))
}

/// Whether a block device is a disk: no part of one, nothing in memory, nothing that is taken out, and nothing that lies upon another.
fn kind(blocks: &Path, name: &str) -> io::Result<Kind> {
    let others = [
        "loop", "ram", "zram", "dm-", "md", "zd", "ublkb", "sr", "fd",
    ];
    if others.iter().any(|other| name.starts_with(other)) {
        return Ok(Kind::Other);
    }
    let device = blocks.join(name.replace('/', "!")); // as the kernel writes such names there
    // What goes over one of several ways to a disk is counted by the disk.
    let slaves = told(fs::read_dir(device.join("slaves")))?;
    let lies_upon = slaves.is_some_and(|mut all| all.next().is_some());
    let hidden = told(fs::read_to_string(device.join("hidden")))?;
    let is_hidden = hidden.is_some_and(|text| text.trim() == "1");
    Ok(match device.exists() && !lies_upon {
        true if is_hidden => Kind::Path,
        true => Kind::Disk,
        false => Kind::Other,
    })
}

/// What a control group has read from and written to those of its devices that are disks, by `io.stat`.
pub(crate) fn of_group<'a>(io: &str, disks: &'a [Disk]) -> Vec<(&'a str, Done, Done)> {
    let lines = io.lines().filter_map(|line| done(line, disks));
    lines.take(MOST_DEVICES).collect()
}

/// A line such as `8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0`.
fn done<'a>(line: &str, disks: &'a [Disk]) -> Option<(&'a str, Done, Done)> {
    let values = line
        .find('=')
        .map(|at| line[..at].rfind(' ').unwrap_or(0))?;
    let (devices, values) = line.split_at(values);
    // Some kernels leave out the line break behind devices that have done nothing, so that the last one is meant.
    let number = devices.split_ascii_whitespace().next_back()?;
    let disk = disks.iter().find(|disk| disk.number == number)?;
    let value = |key: &str| {
        let mut words = values.split_ascii_whitespace();
        let value = words.find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        value?.parse().ok()
    };
    let read = Done {
        bytes: value("rbytes")?,
        operations: value("rios")?,
    };
    let written = Done {
        bytes: value("wbytes")?,
        operations: value("wios")?,
    };
    Some((&disk.name, read, written))
}

#[cfg(test)]
mod tests;
