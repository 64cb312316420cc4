//! The handle of a counter.

use crate::catalog::Kind;
use crate::metrics::cells::counter::CounterCell;
use crate::metrics::cells::exemplar_filter::ExemplarFilter;
use crate::metrics::registry::family::Cells;
use crate::metrics::registry::labelled::Handle;
use crate::trace_context::TraceContext;

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

    /// Adds `n` on behalf of a trace, which the counter then shows as its exemplar.
    ///
    /// Without a trace, or with one that is not sampled, as [`add`](Self::add), unless `OTEL_METRICS_EXEMPLAR_FILTER` says something else.
    /// A counter keeps an exemplar for at least a second.
    /// Exposed to scrapers that ask for OpenMetrics or protobuf.
    ///
    /// ```
    /// # use ecolaura_monitoring::{Monitoring, metrics::Metric};
    /// use ecolaura_monitoring::TraceContext;
    /// # fn main() -> Result<(), ecolaura_monitoring::Error> {
    /// # let monitoring = Monitoring::builder("docs").build()?;
    /// # let packed = monitoring.metrics().counter(Metric::counter("boxes_packed_total", "Boxes packed."))?;
    /// packed.add_with_exemplar(1, TraceContext::current()); // that of the request, in a handler
    /// # Ok(()) }
    /// ```
    #[inline]
    pub fn add_with_exemplar(self, n: u64, context: impl Into<Option<TraceContext>>) {
        self.0.add(n);
        if let Some(context) = context.into().filter(ExemplarFilter::admits) {
            self.0.exemplify(n, context);
        }
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
