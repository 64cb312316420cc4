//! Queries that events of `tracing` tell of.

use std::cell::RefCell;
use std::sync::Arc;

use crate::logs::{Listener, QueryEvent, TakesQueries};
use crate::observe::{Meter, Queried, QueryOutcome};

thread_local! {
    /// The query that the thread works on.
    static LISTENER: RefCell<Option<Arc<Listener>>> = const { RefCell::new(None) };
}

/// Takes what events tell of queries.
pub(crate) struct Queries {
    meter: &'static Meter,
}

impl Queries {
    pub(crate) fn new(meter: &'static Meter) -> Self {
        Self { meter }
    }
}

/// Makes a query what the thread works on; gives back what it was before.
pub(super) fn listen(listener: Option<Arc<Listener>>) -> Option<Arc<Listener>> {
    let swapped = LISTENER.try_with(|kept| kept.replace(listener));
    swapped.ok().flatten()
}

impl TakesQueries for Queries {
    fn take(&self, query: QueryEvent, listener: Option<Arc<Listener>>) {
        let query = match listener {
            Some(listener) => listener.hear(query),
            None => Some(query),
        };
        let Some(query) = query else {
            return; // it is part of another one
        };
        let queried = Queried {
            name: None,
            system: None,
            statement: &query.statement,
            took: query.took,
            rows: query.rows,
            outcome: match &query.error {
                Some(_) => QueryOutcome::Failure,
                None => QueryOutcome::Unknown,
            },
            error: query.error.as_deref(),
        };
        queried.tell(self.meter, None);
    }

    fn listener(&self) -> Option<Arc<Listener>> {
        let listener = LISTENER.try_with(|kept| kept.borrow().clone());
        listener.ok().flatten()
    }
}
