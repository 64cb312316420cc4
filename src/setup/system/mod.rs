//! What is read of the process, the machine and the runtime at each scrape.

use crate::metrics::Registry;
use crate::system::{Machine, Process, Runtime};

/// Shows them.
pub(crate) fn add_sources(registry: Registry) {
    if let Some(process) = Process::this() {
        registry.add_source(process);
    }
    if let Some(machine) = Machine::this() {
        registry.add_source(machine);
    }
    if let Some(runtime) = Runtime::current() {
        registry.add_source(runtime);
    }
}

/// Measures the lag of the runtime.
pub(crate) fn watch(registry: Registry) {
    crate::system::watch(registry);
}
