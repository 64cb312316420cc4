//! The handle of a histogram.

use std::time::Duration;

use crate::catalog::Kind;
use crate::metrics::cells::exemplar_filter::ExemplarFilter;
use crate::metrics::cells::histogram::{HistogramCells, nanoseconds};
use crate::metrics::registry::family::Cells;
use crate::metrics::registry::labelled::Handle;
use crate::trace_context::TraceContext;

/// A histogram bound to its labels.
///
/// Copying it costs nothing; it lives as long as the process. An observation is two relaxed atomic adds,
/// takes no lock and allocates nothing. Classic and native buckets and the count are made from the
/// same cells, so they never disagree.
///
/// ```
/// use std::time::Duration;
/// use ecolaura_monitoring::Monitoring;
/// use ecolaura_monitoring::metrics::{Metric, Unit};
///
/// # fn main() -> Result<(), ecolaura_monitoring::Error> {
/// # let monitoring = Monitoring::builder("docs").build()?;
/// const PACKING: Metric =
///     Metric::histogram("box_packing_seconds", "Time to pack a box.").unit(Unit::Seconds);
/// let packing = monitoring.metrics().histogram(PACKING)?;
/// packing.observe_duration(Duration::from_millis(70));
/// packing.observe(0.07);
/// assert_eq!(packing.count(), 2);
/// # Ok(()) }
/// ```
///
/// # Limits
///
/// Values are kept to a billionth of a second or of a ratio, to a millionth without a unit, and to a
/// whole byte. A value that is negative, infinite or not a number is not recorded but counted in
/// `monitoring_observations_refused_total`; one beyond the last bucket goes to `+Inf`.
#[derive(Clone, Copy)]
pub struct Histogram(pub(crate) &'static HistogramCells);

impl Histogram {
    /// Observes a value in the metric's unit.
    #[inline]
    pub fn observe(self, value: f64) {
        self.0.observe(value);
    }

    /// Observes a time, on a histogram in seconds; on another one, its number of seconds.
    #[inline]
    pub fn observe_duration(self, time: Duration) {
        if self.0.layout.is_in_seconds() {
            self.0.record(nanoseconds(time));
        } else {
            self.observe(time.as_secs_f64());
        }
    }

    /// Observes a value on behalf of a trace, which its bucket then shows as exemplar.
    ///
    /// Without a trace, or with one that is not sampled, as [`observe`](Self::observe), unless `OTEL_METRICS_EXEMPLAR_FILTER` says
    /// something else. A bucket keeps an exemplar for at least a
    /// second. Exposed to scrapers that ask for OpenMetrics or protobuf. The first one of a histogram allocates room for all of its buckets,
    /// about 2 kB.
    ///
    /// ```
    /// # use ecolaura_monitoring::{Monitoring, metrics::{Metric, Unit}};
    /// use ecolaura_monitoring::TraceContext;
    /// # fn main() -> Result<(), ecolaura_monitoring::Error> {
    /// # let monitoring = Monitoring::builder("docs").build()?;
    /// # const PACKING: Metric = Metric::histogram("packing_seconds", "Time to pack.").unit(Unit::Seconds);
    /// # let packing = monitoring.metrics().histogram(PACKING)?;
    /// packing.observe_with_exemplar(0.07, TraceContext::current()); // that of the request, in a handler
    /// # Ok(()) }
    /// ```
    #[inline]
    pub fn observe_with_exemplar(self, value: f64, context: impl Into<Option<TraceContext>>) {
        match self.0.layout.record_of(value) {
            Some(recorded) => self.record(recorded, context.into().as_ref()),
            None => self.0.losses.observation(),
        }
    }

    /// Observes a value as it is recorded: nanoseconds or bytes.
    #[inline]
    pub(crate) fn record(self, recorded: u64, context: Option<&TraceContext>) {
        self.0.record(recorded);
        if let Some(context) = context.filter(|context| ExemplarFilter::admits(context)) {
            self.0.exemplify(recorded, *context);
        }
    }

    /// The number of observations.
    pub fn count(self) -> u64 {
        self.0.count()
    }
}

impl Handle for Histogram {
    const KIND: Kind = Kind::Histogram;

    #[allow(private_interfaces)]
    fn of(cells: &'static Cells) -> Option<Self> {
        match cells {
            Cells::Histogram(cells) => Some(Histogram(cells)),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}
