//! Histograms: one array of cells for the classic and the native buckets, written without a lock.

use std::time::Duration;

use crate::catalog::Kind;
use crate::metrics::cells::exemplar::{Exemplar, Slot};
use crate::metrics::cells::exemplar_filter::ExemplarFilter;
use crate::metrics::cells::layout::Layout;
use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::cells::stripe::{HOT, Row, Rows};
use crate::metrics::cells::wide;
use crate::metrics::lockfree::sync::OnceBox;
use crate::metrics::registry::family;
use crate::metrics::registry::labelled::Handle;
use crate::metrics::registry::losses::Losses;
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
    fn of(cells: &'static family::Cells) -> Option<Self> {
        match cells {
            family::Cells::Histogram(cells) => Some(Histogram(cells)),
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

/// A time in whole nanoseconds; 584 years at most.
#[inline]
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    time.as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::from(time.subsec_nanos()))
}

/// The cells of a histogram.
///
/// In this order: what an observation needs is on one cache line.
#[repr(C, align(64))]
pub(crate) struct HistogramCells {
    layout: &'static Layout,
    rows: Rows,
    losses: &'static Losses,
    /// One for each classic bucket; there are none before the first exemplar.
    exemplars: OnceBox<Box<[Slot]>>,
}

const _: () = assert!(size_of::<HistogramCells>() == 64);

impl HistogramCells {
    pub(crate) fn new(layout: &'static Layout, losses: &'static Losses) -> Self {
        Self {
            layout,
            rows: Rows::new(Words::FIRST.end(layout)),
            losses,
            exemplars: OnceBox::new(),
        }
    }

    /// Observes a value in the metric's unit.
    #[inline]
    pub(crate) fn observe(&self, value: f64) {
        match self.layout.record_of(value) {
            Some(recorded) => self.record(recorded),
            None => self.losses.observation(),
        }
    }

    #[inline]
    pub(crate) fn record(&self, recorded: u64) {
        let row = self.rows.mine();
        if Words::FIRST.record(&row, self.layout, recorded) == HOT {
            self.rows.spread();
        }
    }

    /// Keeps what was recorded as the exemplar of its bucket.
    #[cold]
    pub(crate) fn exemplify(&self, recorded: u64, context: TraceContext) {
        let slots = self.exemplars.get_or_init(|| {
            let buckets = self.layout.classic().len() + 1;
            Box::new((0..buckets).map(|_| Slot::new()).collect())
        });
        let bucket = self.layout.classic_bucket(self.layout.cell(recorded));
        if let Some(slot) = slots.get(bucket) {
            slot.offer(Exemplar::of(context, recorded));
        }
    }

    /// The youngest exemplar.
    pub(crate) fn youngest(&self) -> Option<Exemplar> {
        let slots = self.exemplars.get()?;
        let exemplars = slots.iter().filter_map(Slot::read);
        exemplars.max_by_key(|exemplar| exemplar.at)
    }

    /// How many observations there are.
    pub(crate) fn count(&self) -> u64 {
        let cells = Words::FIRST.cells(self.layout);
        let rows = self.rows.all();
        rows.flat_map(|row| cells.clone().map(move |cell| row.value(cell)))
            .sum()
    }

    /// Adds all there is to a snapshot.
    pub(crate) fn read(&self, snapshot: &mut Snapshot) {
        Words::FIRST.read(&self.rows, self.layout, snapshot);
        if let Some(slots) = self.exemplars.get() {
            snapshot.add_exemplars(slots);
        }
    }
}

/// Where in a row a histogram lies: the sum's two words, and somewhere the cells.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    pub(crate) sum: usize,
    pub(crate) first_cell: usize,
}

impl Words {
    const FIRST: Self = Self {
        sum: 0,
        first_cell: 2,
    };

    fn cells(self, layout: &Layout) -> std::ops::Range<usize> {
        self.first_cell..self.end(layout)
    }

    /// The word after the last cell.
    pub(crate) fn end(self, layout: &Layout) -> usize {
        self.first_cell + layout.cells()
    }

    /// Records a value, and returns how many there were in its cell.
    #[inline]
    pub(crate) fn record(self, row: &Row<'_>, layout: &Layout, recorded: u64) -> u64 {
        match recorded {
            0 => row.add(self.first_cell, 1), // as the sizes of most request bodies
            _ => self.record_more(row, layout, recorded),
        }
    }

    #[inline]
    fn record_more(self, row: &Row<'_>, layout: &Layout, recorded: u64) -> u64 {
        let times = row.add(self.first_cell + layout.cell(recorded), 1);
        let sum = row.add(self.sum, recorded);
        let passed = wide::passed(sum, recorded);
        if passed != 0 {
            wide::pass(row.cell(self.sum + 1), passed);
        }
        times
    }

    /// Adds what all copies of the row hold to a snapshot.
    pub(crate) fn read(self, rows: &Rows, layout: &'static Layout, snapshot: &mut Snapshot) {
        for row in rows.all() {
            let cells = self.cells(layout).map(|cell| row.value(cell));
            let (low, halves) = (row.cell(self.sum), row.cell(self.sum + 1));
            snapshot.add(layout, cells, wide::read(low, halves));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Unit;

    fn cells(classic: &'static [f64]) -> HistogramCells {
        let layout = Layout::shared(Unit::Seconds, classic).unwrap();
        HistogramCells::new(layout, Box::leak(Box::new(Losses::new())))
    }

    fn read(cells: &HistogramCells) -> Snapshot {
        let mut snapshot = Snapshot::default();
        cells.read(&mut snapshot);
        snapshot
    }

    #[test]
    fn a_value_on_a_classic_bound_is_in_its_bucket() {
        let cells = cells(&[0.075, 0.5]);
        for ns in [75_000_000, 75_000_001, 500_000_000, 0, u64::MAX] {
            cells.record(ns);
        }
        let snapshot = read(&cells);
        let buckets: Vec<_> = snapshot.classic().collect();
        assert_eq!(buckets, [(0.075, 2), (0.5, 4)]);
        assert_eq!(snapshot.count(), 5);
    }

    #[test]
    fn the_sum_carries_beyond_64_bits() {
        let cells = cells(&[1.0]);
        for _ in 0..4 {
            cells.record(u64::MAX);
        }
        let expected = 4.0 * (u64::MAX as f64) / 1e9;
        assert_eq!(read(&cells).sum(), expected);
    }

    #[test]
    fn hot_series_lose_nothing_when_they_spread() {
        let cells = cells(&[0.001, 1.0]);
        let (threads, each) = (8u64, 20_000u64);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| (0..each).for_each(|n| cells.record(n * 100)));
            }
            let mut before = 0;
            while before < threads * each {
                let snapshot = read(&cells);
                let last = snapshot.classic().last().map_or(0, |(_, n)| n);
                assert!(snapshot.count() >= before, "the count fell");
                assert!(last <= snapshot.count(), "a bucket exceeds the count");
                before = snapshot.count();
            }
        });
        let sum: u64 = (0..each).map(|n| n * 100).sum::<u64>() * threads;
        assert_eq!(read(&cells).sum(), sum as f64 / 1e9);
    }
}
