//! What the operating system says about the machine, the control group and the network that the process runs in.
//!
//! `scope` tells apart whose a number is: `host`, the whole machine, also where the process is in a container; `container`, the control group
//! (version 2) of the process, which under systemd is that of its service; `namespace`, the network as the process sees it.

use crate::catalog::{Metric, Unit};

/// Processor time.
pub const SYSTEM_CPU: Metric = Metric::counter(
    "system_cpu_seconds_total",
    "Processor time by what it was spent on, over all processors.",
)
.unit(Unit::Seconds)
.labels(&["scope", "mode"]);

/// Processors.
pub const SYSTEM_CPU_CORES: Metric = Metric::gauge(
    "system_cpu_cores",
    "Processors that can be used: those online, and what the least quota of the container and of the groups above it that it sees allows; absent where there is none.",
)
.labels(&["scope"]);

/// Time without a processor.
pub const SYSTEM_CPU_THROTTLED: Metric = Metric::counter(
    "system_cpu_throttled_seconds_total",
    "Time in which the container had to wait since its quota was used up, over all processors.",
)
.unit(Unit::Seconds)
.labels(&["scope"]);

/// Periods of the quota.
pub const SYSTEM_CPU_PERIODS: Metric = Metric::counter(
    "system_cpu_periods_total",
    "Periods of its quota in which the container wanted a processor.",
)
.labels(&["scope"]);

/// Periods in which the quota was used up.
pub const SYSTEM_CPU_THROTTLED_PERIODS: Metric = Metric::counter(
    "system_cpu_throttled_periods_total",
    "Periods of its quota in which the container used it up.",
)
.labels(&["scope"]);

/// The memory in use.
pub const SYSTEM_MEMORY_USED: Metric = Metric::gauge(
    "system_memory_used_bytes",
    "Memory that cannot be had back at once: of the host all but what is available, of the container its working set.",
)
.unit(Unit::Bytes)
.labels(&["scope"]);

/// The memory that there is.
pub const SYSTEM_MEMORY_LIMIT: Metric = Metric::gauge(
    "system_memory_limit_bytes",
    "Memory that there is, and that the container may use, by the least limit of it and of the groups above it that it sees; absent where there is none.",
)
.unit(Unit::Bytes)
.labels(&["scope"]);

/// Processes that were killed for want of memory.
pub const SYSTEM_MEMORY_OOM_KILLS: Metric = Metric::counter(
    "system_memory_oom_kills_total",
    "Processes of the container that were killed since there was no memory left, other than this one: its count goes with it.",
)
.labels(&["scope"]);

/// Bytes of disks.
pub const SYSTEM_DISK_BYTES: Metric = Metric::counter(
    "system_disk_bytes_total",
    "Bytes that were read from and written to disks.",
)
.unit(Unit::Bytes)
.labels(&["scope", "device", "direction"]);

/// Requests to disks.
pub const SYSTEM_DISK_OPERATIONS: Metric = Metric::counter(
    "system_disk_operations_total",
    "Reads and writes of disks that were done.",
)
.labels(&["scope", "device", "direction"]);

/// Time of disks.
pub const SYSTEM_DISK_BUSY: Metric = Metric::counter(
    "system_disk_busy_seconds_total",
    "Time in which a disk had something to do.",
)
.unit(Unit::Seconds)
.labels(&["scope", "device"]);

/// Bytes of the network.
pub const SYSTEM_NETWORK_BYTES: Metric = Metric::counter(
    "system_network_bytes_total",
    "Bytes that devices received and sent, in the network namespace of the process: of the host or of a container, which cannot be told from inside. Without devices that hand on what others count (bridges and their ports, bonds, VLANs, tunnels); those of containers that are on no bridge count.",
)
.unit(Unit::Bytes)
.labels(&["scope", "device", "direction"]);

/// Packets of the network.
pub const SYSTEM_NETWORK_PACKETS: Metric = Metric::counter(
    "system_network_packets_total",
    "Packets that devices received and sent, in the network namespace of the process.",
)
.labels(&["scope", "device", "direction"]);

/// Errors of the network.
pub const SYSTEM_NETWORK_ERRORS: Metric = Metric::counter(
    "system_network_errors_total",
    "Errors of devices in receiving and sending, in the network namespace of the process.",
)
.labels(&["scope", "device", "direction"]);

/// Packets that were dropped.
pub const SYSTEM_NETWORK_DROPPED: Metric = Metric::counter(
    "system_network_dropped_total",
    "Packets that devices dropped, in the network namespace of the process.",
)
.labels(&["scope", "device", "direction"]);

/// Waiting for what there is too little of.
pub const SYSTEM_PRESSURE: Metric = Metric::counter(
    "system_pressure_seconds_total",
    "Time in which some or all (full) tasks that had something to do waited for cpu, memory or io.",
)
.unit(Unit::Seconds)
.labels(&["scope", "resource", "stalled"]);
