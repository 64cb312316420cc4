//! What the operating system says about the process, under the names that all Prometheus clients use.
//!
//! Source: the Prometheus documentation, "Writing client libraries", standard metrics.

use crate::catalog::{Metric, Unit};

/// Processor time of all threads.
pub const PROCESS_CPU: Metric = Metric::counter(
    "process_cpu_seconds_total",
    "Processor time that the process has used, in user and system mode.",
)
.unit(Unit::Seconds);

/// Open files, sockets and pipes.
pub const PROCESS_OPEN_FDS: Metric = Metric::gauge(
    "process_open_fds",
    "File descriptors that the process has open; before Linux 6.2, of more than 1,000 how many there were up to 10 seconds ago.",
);

/// How many of them there may be.
pub const PROCESS_MAX_FDS: Metric = Metric::gauge(
    "process_max_fds",
    "File descriptors that the process may have open.",
);

/// The address space in use.
pub const PROCESS_VIRTUAL_MEMORY: Metric = Metric::gauge(
    "process_virtual_memory_bytes",
    "Address space that the process has mapped.",
)
.unit(Unit::Bytes);

/// The address space that may be used.
pub const PROCESS_VIRTUAL_MEMORY_MAX: Metric = Metric::gauge(
    "process_virtual_memory_max_bytes",
    "Address space that the process may map; absent where it is unlimited.",
)
.unit(Unit::Bytes);

/// The memory in use.
pub const PROCESS_RESIDENT_MEMORY: Metric = Metric::gauge(
    "process_resident_memory_bytes",
    "Memory of the process that is in RAM.",
)
.unit(Unit::Bytes);

/// When the process began.
pub const PROCESS_START_TIME: Metric = Metric::gauge(
    "process_start_time_seconds",
    "When the process began, since the Unix epoch.",
)
.unit(Unit::Seconds);

/// Threads of the operating system.
pub const PROCESS_THREADS: Metric = Metric::gauge("process_threads", "Threads of the process.");
