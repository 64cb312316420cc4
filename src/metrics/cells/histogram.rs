//! Histograms: one array of cells for the classic and the native buckets, written without a lock.

use std::time::Duration;

use crate::metrics::cells::exemplar::{Exemplar, Slot};
use crate::metrics::cells::layout::Layout;
use crate::metrics::cells::losses::Losses;
use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::cells::stripe::{HOT, Row, Rows};
use crate::metrics::cells::wide;
use crate::metrics::lockfree::sync::OnceBox;
use crate::trace_context::TraceContext;

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
    pub(crate) layout: &'static Layout,
    rows: Rows,
    pub(crate) losses: &'static Losses,
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
