//! Queues: how much waits in them.

use crate::catalog;
use crate::error::Error;
use crate::metrics::{Gauge, Registry, resolve};
use crate::resources::source::{ask, check, shown};

/// What waits in a queue now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueState {
    depth: usize,
    capacity: Option<usize>,
}

impl QueueState {
    /// So many items wait.
    pub const fn new(depth: usize) -> Self {
        Self {
            depth,
            capacity: None,
        }
    }

    /// So many items fit. Default: nobody knows.
    pub const fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = Some(capacity);
        self
    }
}

impl From<usize> for QueueState {
    fn from(depth: usize) -> Self {
        Self::new(depth)
    }
}

/// Asks this queue at each scrape.
pub(crate) fn watch<S: Into<QueueState>>(
    registry: Option<Registry>,
    name: &str,
    state: impl Fn() -> S + Send + Sync + 'static,
) -> Result<(), Error> {
    let Some(registry) = registry else {
        return Ok(());
    };
    let depths = registry.own(catalog::QUEUE_DEPTH);
    let capacities = registry.own(catalog::QUEUE_CAPACITY);
    check("queue()", name, registry, depths, &[name])?;
    let depth: Gauge = resolve(depths, &[name]);
    let name = name.to_owned();
    let is_bounded = ask(&state).is_some_and(|state| state.into().capacity.is_some());
    let capacity = is_bounded.then(|| resolve::<Gauge>(capacities, &[&name]));
    registry.refresh(move || {
        let state: Option<QueueState> = ask(&state).map(Into::into);
        depth.set(shown(state.map(|state| state.depth)));
        if let Some(capacity) = capacity {
            capacity.set(shown(state.and_then(|state| state.capacity)));
        }
    });
    Ok(())
}
