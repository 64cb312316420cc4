//! What network devices have received and sent, and which of them are counted.
//!
//! A packet of the process is counted once, as far as can be told: not by the loopback, nor by bridges, bonds, VLANs and tunnels, which hand on
//! what other devices count as well, nor by the devices with which containers are connected to a bridge. What has never carried anything is
//! left out.
//!
//! Source: proc(5), and the kernel's documentation, "sysfs-class-net" and `if_arp.h`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::system::MOST_DEVICES;
use crate::system::known::{Known, told};

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

/// What a device carries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carries {
    /// Packets that it alone has.
    Own,
    /// Packets that another one counts as well.
    Others,
    /// The same, for a device above it.
    ForAbove,
}

/// Which devices are counted.
pub(crate) struct Devices {
    classes: PathBuf,
    known: Known<Carries>,
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
        let ask = |name: &str| carries(&self.classes, name);
        let carries = self.known.of(&names, Carries::Own, ask);
        let which = |is_counted: fn(Carries) -> bool| -> Vec<Device> {
            let lines = lines.iter().zip(&carries);
            let lines = lines.filter(|(_, carries)| is_counted(**carries));
            let devices = lines.filter_map(|((name, numbers), _)| device(name, numbers));
            let devices = devices.filter(Device::has_done_something);
            devices.take(MOST_DEVICES).collect()
        };
        let own = which(|carries| carries == Carries::Own);
        if !own.is_empty() {
            return own;
        }
        // As in a container that has a tunnel alone, or whose own device is part of a bridge.
        which(|carries| carries != Carries::ForAbove)
    }
}

impl Device {
    fn has_done_something(&self) -> bool {
        [self.received, self.sent] != [Done::default(); 2]
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

/// The types of devices that wrap packets for others: without a link layer as those of WireGuard and `tun`, IP in IP, and GRE.
const TUNNELS: [&str; 6] = ["65534", "768", "769", "776", "778", "823"];

fn carries(classes: &Path, name: &str) -> io::Result<Carries> {
    let folder = classes.join(name);
    let has = |path: &str| folder.join(path).exists();
    let is_port = has("master");
    // Hardware, or what a hypervisor gives for it.
    if has("device/") {
        return Ok(match has("master/device") {
            true => Carries::ForAbove, // as on Hyper-V
            false => Carries::Own,
        });
    }
    // A bond counts what its ports do.
    if is_port && !has("master/bonding") {
        return Ok(Carries::ForAbove);
    }
    let entries = told(fs::read_dir(&folder))?.into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name());
    let lies_upon = names.any(|name| name.as_encoded_bytes().starts_with(b"lower_"));
    let kind = told(fs::read_to_string(folder.join("type")))?.unwrap_or_default();
    let is_tunnel = TUNNELS.contains(&kind.trim());
    // What is to be shaped goes over an `ifb` on its way.
    let hands_on = has("bridge") || has("bonding") || name.starts_with("ifb");
    Ok(match hands_on || lies_upon || is_tunnel {
        true => Carries::Others,
        false => Carries::Own,
    })
}

#[cfg(test)]
mod tests;
