//! `tokio_*`: what the service's runtime says of itself, as far as tokio promises to go on saying it.

use std::time::Duration;

use tokio::runtime::{Handle, RuntimeMetrics};

use crate::catalog;
use crate::metrics::{Looked, Sink, Source, Type, Value, show};

/// The runtime of the service, whose end this does not put off: of one that has ended the numbers stay as they were.
pub(crate) struct Runtime(RuntimeMetrics);

const FAMILIES: [Looked<RuntimeMetrics>; 5] = [
    (catalog::TOKIO_WORKERS, |runtime, shown| {
        shown.series(&[], whole(runtime.num_workers()));
    }),
    (catalog::TOKIO_TASKS_ALIVE, |runtime, shown| {
        shown.series(&[], whole(runtime.num_alive_tasks()));
    }),
    (catalog::TOKIO_GLOBAL_QUEUE_DEPTH, |runtime, shown| {
        shown.series(&[], whole(runtime.global_queue_depth()));
    }),
    // These need atomics of 64 bits, as all of this crate does.
    (catalog::TOKIO_WORKER_BUSY, |runtime, shown| {
        let workers = 0..runtime.num_workers();
        let busy = workers.map(|worker| runtime.worker_total_busy_duration(worker));
        let busy = busy.fold(Duration::ZERO, Duration::saturating_add);
        shown.series(&[], Some(Value::Number(busy.as_secs_f64())));
    }),
    (catalog::TOKIO_WORKER_PARKS, |runtime, shown| {
        let workers = 0..runtime.num_workers();
        let parks = workers.map(|worker| runtime.worker_park_count(worker));
        shown.series(&[], Some(Value::Whole(parks.fold(0, u64::wrapping_add))));
    }),
];

fn whole(number: usize) -> Option<Value<'static>> {
    u64::try_from(number).ok().map(Value::Whole)
}

impl Runtime {
    /// The runtime within which this is called, if it is within one.
    pub(crate) fn current() -> Option<Self> {
        let handle = Handle::try_current().ok()?;
        Some(Self(handle.metrics()))
    }
}

impl Source for Runtime {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        show(&FAMILIES, &self.0, taken, sink);
    }

    fn is_of_catalogue(&self) -> bool {
        true
    }
}
