//! The families of pools and queues, made of what these say when somebody looks.

use std::cell::OnceCell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::catalog::{self, Metric};
use crate::metrics::{AppendList, Looked, Registry, Sink, Source, Type, Value, show};
use crate::resources::pool::PoolState;
use crate::resources::queue::QueueState;
use crate::resources::source::Watched;

/// The pools and queues of a monitoring. It lives as long as the process.
pub(crate) struct Resources {
    pub(crate) registry: Registry,
    pub(crate) pools: AppendList<Watched<PoolState>>,
    pub(crate) queues: AppendList<Watched<QueueState>>,
    registration: Mutex<()>,
}

const METRICS: &[Metric] = &[
    catalog::DB_POOL_CONNECTIONS,
    catalog::DB_POOL_CONNECTIONS_MAX,
    catalog::DB_POOL_WAITING,
    catalog::QUEUE_DEPTH,
    catalog::QUEUE_CAPACITY,
];

/// What all of them say at one time, asked when somebody wants to know. One that panics says nothing, and is not shown.
struct Said<T: 'static> {
    watched: &'static AppendList<Watched<T>>,
    said: OnceCell<Vec<(&'static str, T)>>,
}

impl<T> Said<T> {
    fn by(watched: &'static AppendList<Watched<T>>) -> Self {
        Self {
            watched,
            said: OnceCell::new(),
        }
    }

    fn all(&self) -> &[(&'static str, T)] {
        let say = |watched: &'static Watched<T>| Some((watched.name.as_str(), watched.ask()?));
        self.said
            .get_or_init(|| self.watched.iter().filter_map(say).collect())
    }
}

fn whole(number: usize) -> Option<Value<'static>> {
    u64::try_from(number).ok().map(Value::Whole)
}

impl Said<PoolState> {
    const FAMILIES: [Looked<Self>; 3] = [
        (catalog::DB_POOL_CONNECTIONS, |said, shown| {
            for (pool, state) in said.all() {
                shown.series(&[pool, "idle"], whole(state.idle));
                // A pool may change between its two answers.
                let in_use = state.open.saturating_sub(state.idle);
                shown.series(&[pool, "in_use"], whole(in_use));
            }
        }),
        (catalog::DB_POOL_CONNECTIONS_MAX, |said, shown| {
            for (pool, state) in said.all() {
                shown.series(&[pool], state.max.and_then(whole));
            }
        }),
        (catalog::DB_POOL_WAITING, |said, shown| {
            for (pool, state) in said.all() {
                shown.series(&[pool], state.waiting.and_then(whole));
            }
        }),
    ];
}

impl Said<QueueState> {
    const FAMILIES: [Looked<Self>; 2] = [
        (catalog::QUEUE_DEPTH, |said, shown| {
            for (queue, state) in said.all() {
                shown.series(&[queue], whole(state.depth));
            }
        }),
        (catalog::QUEUE_CAPACITY, |said, shown| {
            for (queue, state) in said.all() {
                shown.series(&[queue], state.capacity.and_then(whole));
            }
        }),
    ];
}

impl Resources {
    pub(crate) fn new(registry: Registry) -> &'static Self {
        let resources: &'static Self = Box::leak(Box::new(Self {
            registry,
            pools: AppendList::new(),
            queues: AppendList::new(),
            registration: Mutex::new(()),
        }));
        registry.ask(METRICS, Box::leak(Box::new(resources)));
        resources
    }

    /// One is added at a time.
    pub(crate) fn registration(&self) -> MutexGuard<'_, ()> {
        let registration = self.registration.lock();
        registration.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for &'static Resources {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        let pools = Said::by(&self.pools);
        show(&Said::<PoolState>::FAMILIES, &pools, taken, sink);
        let queues = Said::by(&self.queues);
        show(&Said::<QueueState>::FAMILIES, &queues, taken, sink);
    }
}
