//! The families of the machine, and where each of their numbers comes from.

use crate::catalog;
use crate::metrics::{Looked, Shown, Value};
use crate::system::MOST_DEVICES;
use crate::system::container;
use crate::system::disk::{self, Done};
use crate::system::host::{MODES, memory, processors, used_memory};
use crate::system::machine::{Of, Reading};
use crate::system::network;
use crate::system::pressure::{RESOURCES, STALLED, total};
use crate::system::proc_self::in_seconds;
use crate::system::words::{keyed, micros};

const HOST: &str = "host";
const CONTAINER: &str = "container";
const NAMESPACE: &str = "namespace";

impl Reading<'_> {
    /// In the order of the catalogue.
    pub(super) const FAMILIES: [Looked<Self>; 16] = [
        (catalog::SYSTEM_CPU, cpu),
        (catalog::SYSTEM_CPU_CORES, cores),
        (catalog::SYSTEM_CPU_THROTTLED, |reading, shown| {
            let throttled = reading
                .group()
                .and_then(|group| group.cpu_seconds("throttled_usec"));
            shown.series(&[CONTAINER], throttled.map(Value::Number));
        }),
        (catalog::SYSTEM_CPU_PERIODS, |reading, shown| {
            keyed_of_group(reading, shown, container::Of::CpuStat, "nr_periods");
        }),
        (catalog::SYSTEM_CPU_THROTTLED_PERIODS, |reading, shown| {
            keyed_of_group(reading, shown, container::Of::CpuStat, "nr_throttled");
        }),
        (catalog::SYSTEM_MEMORY_USED, |reading, shown| {
            let of_host = used_memory(reading.text(Of::Meminfo));
            let of_group = reading.group().and_then(|group| group.used_memory());
            shown.series(&[HOST], of_host.map(Value::Whole));
            shown.series(&[CONTAINER], of_group.map(Value::Whole));
        }),
        (catalog::SYSTEM_MEMORY_LIMIT, |reading, shown| {
            let of_host = memory(reading.text(Of::Meminfo));
            let of_group = reading.group().and_then(|group| group.most_memory());
            shown.series(&[HOST], of_host.map(Value::Whole));
            shown.series(&[CONTAINER], of_group.map(Value::Whole));
        }),
        (catalog::SYSTEM_MEMORY_OOM_KILLS, |reading, shown| {
            keyed_of_group(reading, shown, container::Of::MemoryEvents, "oom_kill");
        }),
        (catalog::SYSTEM_DISK_BYTES, |reading, shown| {
            disks(reading, shown, |done| done.bytes);
        }),
        (catalog::SYSTEM_DISK_OPERATIONS, |reading, shown| {
            disks(reading, shown, |done| done.operations);
        }),
        (catalog::SYSTEM_DISK_BUSY, |reading, shown| {
            for disk in reading.disks().iter().take(MOST_DEVICES) {
                let busy = Value::Number(disk.busy as f64 / 1e3);
                shown.series(&[HOST, &disk.name], Some(busy));
            }
        }),
        (catalog::SYSTEM_NETWORK_BYTES, |reading, shown| {
            network(reading, shown, |done| done.bytes);
        }),
        (catalog::SYSTEM_NETWORK_PACKETS, |reading, shown| {
            network(reading, shown, |done| done.packets);
        }),
        (catalog::SYSTEM_NETWORK_ERRORS, |reading, shown| {
            network(reading, shown, |done| done.errors);
        }),
        (catalog::SYSTEM_NETWORK_DROPPED, |reading, shown| {
            network(reading, shown, |done| done.dropped);
        }),
        (catalog::SYSTEM_PRESSURE, pressure),
    ];
}

fn cpu(reading: &Reading<'_>, shown: &mut Shown<'_>) {
    for (mode, ticks) in MODES.iter().zip(reading.times().into_iter().flatten()) {
        let seconds = Value::Number(in_seconds(ticks));
        shown.series(&[HOST, mode], Some(seconds));
    }
    let Some(group) = reading.group() else { return };
    for (mode, key) in [("user", "user_usec"), ("system", "system_usec")] {
        let seconds = group.cpu_seconds(key);
        shown.series(&[CONTAINER, mode], seconds.map(Value::Number));
    }
}

fn cores(reading: &Reading<'_>, shown: &mut Shown<'_>) {
    let of_host = processors(reading.text(Of::Online));
    let of_group = reading.group().and_then(|group| group.cores());
    shown.series(&[HOST], of_host.map(Value::Whole));
    shown.series(&[CONTAINER], of_group.map(Value::Number));
}

/// The number of a key in a file of the group.
fn keyed_of_group(reading: &Reading<'_>, shown: &mut Shown<'_>, file: container::Of, key: &str) {
    let group = reading.group();
    let number = group.and_then(|group| keyed(group.text(file), key));
    shown.series(&[CONTAINER], number.map(Value::Whole));
}

fn disks(reading: &Reading<'_>, shown: &mut Shown<'_>, of: fn(Done) -> u64) {
    let mut both = |scope: &str, name: &str, read: Done, written: Done| {
        shown.series(&[scope, name, "read"], Some(Value::Whole(of(read))));
        shown.series(&[scope, name, "write"], Some(Value::Whole(of(written))));
    };
    for disk in reading.disks().iter().take(MOST_DEVICES) {
        both(HOST, &disk.name, disk.read, disk.written);
    }
    if let Some(group) = reading.group() {
        let io = group.text(container::Of::IoStat);
        // Those that it uses may be others than those that the host shows.
        for (name, read, written) in disk::of_group(io, reading.disks()) {
            both(CONTAINER, name, read, written);
        }
    }
}

fn network(reading: &Reading<'_>, shown: &mut Shown<'_>, of: fn(network::Done) -> u64) {
    for device in reading.devices() {
        let (received, sent) = (of(device.received), of(device.sent));
        let name = &*device.name;
        shown.series(&[NAMESPACE, name, "receive"], Some(Value::Whole(received)));
        shown.series(&[NAMESPACE, name, "transmit"], Some(Value::Whole(sent)));
    }
}

fn pressure(reading: &Reading<'_>, shown: &mut Shown<'_>) {
    let files = [Of::CpuPressure, Of::MemoryPressure, Of::IoPressure];
    for (resource, file) in RESOURCES.iter().zip(files) {
        for stalled in STALLED {
            // The kernel writes 0 for this one, which means nothing: some task always runs while others wait.
            let is_told = (*resource, stalled) != ("cpu", "full");
            let total = total(reading.text(file), stalled).filter(|_| is_told);
            let seconds = total.map(micros).map(Value::Number);
            shown.series(&[HOST, resource, stalled], seconds);
        }
    }
    let Some(group) = reading.group() else { return };
    let files = [
        container::Of::CpuPressure,
        container::Of::MemoryPressure,
        container::Of::IoPressure,
    ];
    for (resource, file) in RESOURCES.iter().zip(files) {
        for stalled in STALLED {
            let seconds = total(group.text(file), stalled).map(micros);
            shown.series(&[CONTAINER, resource, stalled], seconds.map(Value::Number));
        }
    }
}
