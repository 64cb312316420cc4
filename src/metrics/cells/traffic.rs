//! What goes in and out in one place: how much is under way, and the sizes of both directions.
//!
//! A request writes all of it when it ends, so it lies in one row, of which it then touches two or three lines.

use std::sync::atomic::{Ordering, fence};

use crate::metrics::cells::histogram::Words;
use crate::metrics::cells::layout::Layout;
use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::cells::stripe::{HOT, Rows};

/// What began and ended, and the bytes that came and went.
///
/// As long as a cache line, and on one.
#[repr(align(64))]
pub(crate) struct TrafficCells {
    /// The layout of both sizes.
    layout: Option<&'static Layout>,
    rows: Rows,
}

const _: () = assert!(size_of::<TrafficCells>() == 64);

/// How often what is under way is read, to find a moment in which little ended.
const READINGS: usize = 8;

const BEGUN: usize = 0;
const ENDED: usize = 1;
const RECEIVED: Words = Words {
    sum: 2,
    first_cell: 6,
};

/// Where the bytes sent lie.
#[inline]
fn sent(layout: &Layout) -> Words {
    Words {
        sum: 4,
        first_cell: RECEIVED.end(layout),
    }
}

impl TrafficCells {
    /// Cells for this layout of both sizes, or for none.
    pub(crate) fn new(layout: Option<&'static Layout>) -> Self {
        let words = layout.map_or(ENDED + 1, |layout| sent(layout).end(layout));
        Self {
            layout,
            rows: Rows::new(words),
        }
    }

    /// One more is under way.
    #[inline]
    pub(crate) fn begin(&self) {
        if self.rows.mine().add(BEGUN, 1) == HOT {
            self.rows.spread();
        }
    }

    /// One less is.
    #[inline]
    pub(crate) fn end(&self) {
        self.rows.mine().add(ENDED, 1);
    }

    /// Records the bytes of both directions; `received` is `None` where they could not be seen. If it `has_ended`, one less is under way.
    #[inline]
    pub(crate) fn record(&self, received: Option<u64>, sent: u64, has_ended: bool) {
        let row = self.rows.mine();
        if let Some(layout) = self.layout {
            self::sent(layout).record(&row, layout, sent);
            if let Some(received) = received {
                RECEIVED.record(&row, layout, received);
            }
        }
        if has_ended {
            row.add(ENDED, 1);
        }
    }

    /// How many are under way in all of these.
    ///
    /// Exact when nothing ends while this reads, which it does again until that is so; at last too low by no more than what did.
    pub(crate) fn under_way<'a>(all: impl Iterator<Item = &'a Self> + Clone) -> u64 {
        let sum = |cell| {
            let rows = all.clone().flat_map(|cells| cells.rows.all());
            rows.map(|row| row.value(cell))
                .fold(0u64, u64::wrapping_add)
        };
        let attempts = (0..READINGS).map(|_| {
            let before = sum(ENDED);
            fence(Ordering::Acquire);
            let begun = sum(BEGUN);
            fence(Ordering::Acquire);
            // Saturating, since processors other than x86 may show an end before its beginning.
            let error = sum(ENDED).saturating_sub(before);
            (error, begun.saturating_sub(before))
        });
        let mut best = (u64::MAX, 0);
        for attempt in attempts {
            best = best.min(attempt);
            if best.0 == 0 {
                break;
            }
        }
        best.1.saturating_sub(best.0)
    }

    /// Adds the bytes received to a snapshot.
    pub(crate) fn read_received(&self, snapshot: &mut Snapshot) {
        if let Some(layout) = self.layout {
            RECEIVED.read(&self.rows, layout, snapshot);
        }
    }

    /// Adds the bytes sent to a snapshot.
    pub(crate) fn read_sent(&self, snapshot: &mut Snapshot) {
        if let Some(layout) = self.layout {
            sent(layout).read(&self.rows, layout, snapshot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn both_directions_and_what_is_under_way_do_not_disturb_one_another() {
        let metric = catalog::HTTP_REQUEST_SIZE;
        let layout = Layout::shared(metric.base_unit(), metric.upper_bounds()).unwrap();
        let cells = TrafficCells::new(Some(layout));
        let rounds = 3 * HOT; // the later ones in the stripes
        for n in 0..rounds {
            cells.begin();
            cells.record((n % 2 == 0).then_some(u64::MAX), n, n % 3 != 0);
        }
        assert_eq!(TrafficCells::under_way([&cells].into_iter()), rounds / 3);
        let (mut received, mut sent) = (Snapshot::default(), Snapshot::default());
        cells.read_received(&mut received);
        cells.read_sent(&mut sent);
        assert_eq!(received.count(), rounds / 2);
        assert_eq!(received.sum(), (rounds / 2) as f64 * u64::MAX as f64);
        assert_eq!(sent.count(), rounds);
        assert_eq!(sent.sum(), (rounds * (rounds - 1) / 2) as f64);
    }

    /// Whatever begins and ends while it is read, no more is shown than can be there.
    #[test]
    fn what_comes_and_goes_is_not_taken_for_under_way() {
        use std::sync::atomic::AtomicBool;

        let (cells, stop) = (TrafficCells::new(None), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        cells.begin();
                        cells.end();
                    }
                });
            }
            let most = (0..20_000).map(|_| TrafficCells::under_way([&cells].into_iter()));
            let most = most.max();
            stop.store(true, Ordering::Relaxed);
            assert!(most <= Some(3), "{most:?}");
        });
        assert_eq!(TrafficCells::under_way([&cells].into_iter()), 0);
    }
}
