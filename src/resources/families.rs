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

const POOL_METRICS: &[Metric] = &[
    catalog::DB_POOL_CONNECTIONS,
    catalog::DB_POOL_CONNECTIONS_MAX,
    catalog::DB_POOL_WAITING,
];

const QUEUE_METRICS: &[Metric] = &[catalog::QUEUE_DEPTH, catalog::QUEUE_CAPACITY];

/// The families of pools, and those of queues: there from the first of either on, so that a service may have its own of these names in a
/// registry that is bridged.
struct Pools(&'static Resources);
struct Queues(&'static Resources);

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
        Box::leak(Box::new(Self {
            registry,
            pools: AppendList::new(),
            queues: AppendList::new(),
            registration: Mutex::new(()),
        }))
    }

    /// One is added at a time.
    pub(crate) fn registration(&self) -> MutexGuard<'_, ()> {
        let registration = self.registration.lock();
        registration.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add_pool(&'static self, pool: Watched<PoolState>) {
        if self.pools.iter().next().is_none() {
            let source = Box::leak(Box::new(Pools(self)));
            self.registry.ask(POOL_METRICS, source);
        }
        self.pools.push(pool);
    }

    pub(crate) fn add_queue(&'static self, queue: Watched<QueueState>) {
        if self.queues.iter().next().is_none() {
            let source = Box::leak(Box::new(Queues(self)));
            self.registry.ask(QUEUE_METRICS, source);
        }
        self.queues.push(queue);
    }
}

impl Source for Pools {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        show(
            &Said::<PoolState>::FAMILIES,
            &Said::by(&self.0.pools),
            taken,
            sink,
        );
    }
}

impl Source for Queues {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        show(
            &Said::<QueueState>::FAMILIES,
            &Said::by(&self.0.queues),
            taken,
            sink,
        );
    }
}
