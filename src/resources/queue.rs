//! Queues: how much waits in them.

use crate::error::Error;
use crate::resources::families::Resources;
use crate::resources::source::{Watched, check};

/// What waits in a queue now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueState {
    pub(crate) depth: usize,
    pub(crate) capacity: Option<usize>,
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

impl Resources {
    /// Asks this queue at each scrape.
    pub(crate) fn queue<S: Into<QueueState>>(
        &'static self,
        name: &str,
        state: impl Fn() -> S + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let _one_at_a_time = self.registration();
        check("queue()", name, self.registry, &self.queues)?;
        let state = move || state().into();
        self.add_queue(Watched::new(name, state));
        Ok(())
    }
}
