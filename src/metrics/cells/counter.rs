//! Counters: whole numbers that only grow.

use crate::metrics::cells::exemplar::{Exemplar, Slot};
use crate::metrics::cells::stripe::Count;
use crate::metrics::lockfree::sync::OnceBox;
use crate::trace_context::TraceContext;

/// The cells of a counter.
pub(crate) struct CounterCell {
    count: Count,
    /// There is none before the first exemplar.
    exemplar: OnceBox<Slot>,
}

impl CounterCell {
    pub(crate) const fn new() -> Self {
        Self {
            count: Count::new(),
            exemplar: OnceBox::new(),
        }
    }

    #[inline]
    pub(crate) fn add(&self, n: u64) {
        self.count.add(n);
    }

    pub(crate) fn value(&self) -> u64 {
        self.count.value()
    }

    /// Keeps what was added as the counter's exemplar.
    #[cold]
    pub(crate) fn exemplify(&self, n: u64, context: TraceContext) {
        let slot = self.exemplar.get_or_init(|| Box::new(Slot::new()));
        slot.offer(Exemplar::of(context, n));
    }

    pub(crate) fn exemplar(&self) -> Option<Exemplar> {
        self.exemplar.get()?.read()
    }
}
