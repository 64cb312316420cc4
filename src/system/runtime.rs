//! `tokio_*`: what the service's runtime says of itself, as far as tokio promises to go on saying it.

use std::future::pending;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeMetrics};

use crate::catalog;
use crate::metrics::{Looked, Sink, Source, Type, Value, show};

/// The runtime of the service, whose end this does not put off.
pub(crate) struct Runtime {
    metrics: RuntimeMetrics,
    /// What a task of ours holds that waits for ever: a runtime that ends drops it. Its numbers would stay as they were, as if it went on.
    goes_on: Weak<()>,
}

const FAMILIES: [Looked<RuntimeMetrics>; 5] = [
    (catalog::TOKIO_WORKERS, |runtime, shown| {
        shown.series(&[], whole(runtime.num_workers()));
    }),
    (catalog::TOKIO_TASKS_ALIVE, |runtime, shown| {
        let others = runtime.num_alive_tasks().saturating_sub(1); // without ours
        shown.series(&[], whole(others));
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
        let held = Arc::new(());
        let goes_on = Arc::downgrade(&held);
        handle.spawn(async move {
            let _held = held;
            pending::<()>().await;
        });
        Some(Self {
            metrics: handle.metrics(),
            goes_on,
        })
    }
}

impl Source for Runtime {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        if self.goes_on.strong_count() > 0 {
            show(&FAMILIES, &self.metrics, taken, sink);
        }
    }

    fn is_of_catalogue(&self) -> bool {
        true
    }
}
