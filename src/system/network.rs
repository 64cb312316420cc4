//! What network devices have received and sent, and which of them are counted.
//!
//! A packet is counted once: by the hardware where there is some, since bridges, bonds, VLANs and the devices of containers hand on what it
//! received; in a container, which has none, by all but the loopback.
//!
//! Source: proc(5), and the kernel's documentation, "sysfs-class-net".

use std::path::{Path, PathBuf};

use crate::system::MOST_DEVICES;
use crate::system::known::Known;

/// What was done in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) bytes: u64,
    pub(crate) packets: u64,
    pub(crate) errors: u64,
    pub(crate) dropped: u64,
}

/// A device of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) received: Done,
    pub(crate) sent: Done,
}

/// Which devices are counted.
pub(crate) struct Devices {
    classes: PathBuf,
    /// Whether they are hardware.
    known: Known<bool>,
}

impl Devices {
    pub(crate) fn new(sys: &Path) -> Self {
        Self {
            classes: sys.join("class/net"),
            known: Known::new(),
        }
    }

    /// The devices in `/proc/net/dev` that are counted.
    pub(crate) fn of(&self, dev: &str) -> Vec<Device> {
        let named = |line| named(line).filter(|(name, _)| *name != "lo");
        let lines: Vec<(&str, &str)> = dev.lines().filter_map(named).collect();
        let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
        let are_hardware = self
            .known
            .of(&names, |name| is_hardware(&self.classes, name));
        let has_hardware = are_hardware.contains(&true);
        let counted = lines.iter().zip(are_hardware);
        let counted = counted.filter(|(_, is_hardware)| *is_hardware || !has_hardware);
        let devices = counted.filter_map(|((name, numbers), _)| device(name, numbers));
        devices.take(MOST_DEVICES).collect()
    }
}

/// A name, and the numbers behind it, which old kernels set off by nothing but the colon.
fn named(line: &str) -> Option<(&str, &str)> {
    let (name, numbers) = line.split_once(':')?;
    let name = name.trim();
    (!name.is_empty()).then_some((name, numbers))
}

/// A line of `/proc/net/dev`.
fn device(name: &str, numbers: &str) -> Option<Device> {
    let mut words = numbers.split_ascii_whitespace();
    let mut number = || words.next()?.parse::<u64>().ok();
    let mut done = || {
        Some(Done {
            bytes: number()?,
            packets: number()?,
            errors: number()?,
            dropped: number()?,
        })
    };
    let (received, _fifo_frame_compressed_multicast, sent) = (done()?, done()?, done()?);
    Some(Device {
        name: name.to_owned(),
        received,
        sent,
    })
}

/// Whether a device is hardware, or what a hypervisor gives for it; not one that works for another such device, which counts what it does.
fn is_hardware(classes: &Path, name: &str) -> bool {
    let is = |path: String| classes.join(path).exists();
    is(format!("{name}/device")) && !is(format!("{name}/master/device"))
}

#[cfg(test)]
mod tests;
