//! The state of histograms at one time, as writers read it.

use crate::metrics::cells::exemplar::{Exemplar, Slot};
use crate::metrics::cells::layout::Layout;
use crate::metrics::cells::native::Coarseness;

/// The state of one histogram, or of several added up: count, classic and native buckets from one reading.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub(crate) layout: Option<&'static Layout>,
    pub(crate) cells: Vec<u64>,
    count: u64,
    sum: u128,
    exemplars: Vec<Option<Exemplar>>,
    /// How coarse the native buckets of the family have become.
    pub(crate) coarseness: Option<&'static Coarseness>,
}

impl Snapshot {
    /// Forgets all but the buffers.
    pub(crate) fn clear(&mut self) {
        self.layout = None;
        self.cells.clear();
        self.count = 0;
        self.sum = 0;
        self.exemplars.clear();
        self.coarseness = None;
    }

    /// Adds what cells of this layout hold, and their sum.
    pub(crate) fn add(
        &mut self,
        layout: &'static Layout,
        cells: impl Iterator<Item = u64>,
        sum: u128,
    ) {
        self.layout = Some(layout);
        self.cells.resize(layout.cells(), 0);
        for (total, n) in self.cells.iter_mut().zip(cells) {
            *total += n;
            self.count += n;
        }
        self.sum = self.sum.wrapping_add(sum);
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn sum(&self) -> f64 {
        self.layout.map_or(0.0, |layout| layout.value_of(self.sum))
    }

    /// The sum as it is recorded, and how many of its digits are decimal places.
    pub(crate) fn exact_sum(&self) -> (u128, u32) {
        (self.sum, self.layout.map_or(0, Layout::places))
    }

    /// The exemplar of a classic bucket, and its value in the metric's unit.
    pub(crate) fn exemplar(&self, bucket: usize) -> Option<(Exemplar, f64)> {
        let exemplar = self.exemplars.get(bucket).copied().flatten()?;
        let value = self.layout?.value_of(u128::from(exemplar.value));
        Some((exemplar, value))
    }

    /// All exemplars, and their values in the metric's unit.
    pub(crate) fn exemplars(&self) -> impl Iterator<Item = (Exemplar, f64)> {
        (0..self.exemplars.len()).filter_map(|bucket| self.exemplar(bucket))
    }

    /// Takes in exemplars, of each bucket the youngest.
    pub(crate) fn add_exemplars(&mut self, slots: &[Slot]) {
        self.exemplars.resize(slots.len(), None);
        for (known, slot) in self.exemplars.iter_mut().zip(slots) {
            let offered = slot.read();
            if offered.map(|e| e.at) > known.map(|e| e.at) {
                *known = offered;
            }
        }
    }

    /// The classic buckets below `+Inf`: upper bound, and how many lie at or below it.
    pub(crate) fn classic(&self) -> impl Iterator<Item = (f64, u64)> {
        let (mut below, mut from) = (0, 0);
        let layout = self.layout.into_iter();
        layout
            .flat_map(|layout| layout.classic().iter().zip(layout.classic_cells()))
            .map(move |(bound, cells)| {
                below += self.cells[from..*cells].iter().sum::<u64>();
                from = *cells;
                (*bound, below)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::cells::timestamp::Timestamp;

    /// Here, since beside the slots loom would run it too.
    #[test]
    fn an_exemplar_stays_for_a_second_or_until_the_clock_is_set_back() {
        let slot = Slot::new();
        assert_eq!(slot.read(), None);
        for (value, seconds, expected) in [
            (1, 2_000, 1),
            (2, 2_000, 1),
            (3, 2_001, 3),
            (4, 1_000, 4), // a thousand seconds back
            (5, 1_000, 4),
            (6, 1_002, 6),
        ] {
            slot.offer(Exemplar {
                trace: [1, 2],
                span: 3,
                value,
                at: Timestamp(seconds * 1_000_000_000),
            });
            assert_eq!(slot.read().map(|found| found.value), Some(expected));
        }
    }
}
