//! Counters: whole numbers that only grow.

use crate::catalog::Kind;
use crate::metrics::family::Cells;
use crate::metrics::labelled::Handle;
use crate::metrics::stripe::Count;

/// A counter bound to its labels.
///
/// Copying it costs nothing; it lives as long as the process. An increment is one relaxed atomic add,
/// takes no lock and allocates nothing. It wraps after 2⁶⁴.
///
/// ```
/// use ecolaura_monitoring::Monitoring;
/// use ecolaura_monitoring::metrics::Metric;
///
/// # fn main() -> Result<(), ecolaura_monitoring::Error> {
/// # let monitoring = Monitoring::builder("docs").build()?;
/// let packed = monitoring.metrics().counter(Metric::counter("boxes_packed_total", "Boxes packed."))?;
/// packed.inc();
/// packed.add(3);
/// assert_eq!(packed.value(), 4);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy)]
pub struct Counter(pub(crate) &'static CounterCell);

impl Counter {
    /// Adds one.
    #[inline]
    pub fn inc(self) {
        self.0.add(1);
    }

    /// Adds `n`.
    #[inline]
    pub fn add(self, n: u64) {
        self.0.add(n);
    }

    /// The count now.
    pub fn value(self) -> u64 {
        self.0.value()
    }
}

impl Handle for Counter {
    const KIND: Kind = Kind::Counter;

    #[allow(private_interfaces)]
    fn of(cells: &'static Cells) -> Option<Self> {
        match cells {
            Cells::Counter(cell) => Some(Counter(cell)),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Counter").field(&self.value()).finish()
    }
}

/// The cells of a counter.
pub(crate) struct CounterCell(Count);

impl CounterCell {
    pub(crate) const fn new() -> Self {
        Self(Count::new())
    }

    #[inline]
    pub(crate) fn add(&self, n: u64) {
        self.0.add(n);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.value()
    }
}
