//! Native histograms: the cells of a snapshot as Prometheus' exponential buckets.
//!
//! Source: the native histogram specification of the Prometheus documentation.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::metrics::cells::layout::{NativeIndex, SCHEMA};
use crate::metrics::cells::snapshot::Snapshot;

/// Buckets that a native histogram has at most.
const MAX_BUCKETS: usize = 160;

/// Cells that are looked at together.
const CHUNK: usize = 16;

/// Empty buckets that are written between two others, rather than beginning a span, which takes more room.
const BRIDGED: i32 = 2;

/// How often the number of buckets in each doubling was halved for a family, so that none has too many.
///
/// It never falls: Prometheus takes a finer schema as a restart of the count.
pub(crate) struct Coarseness(AtomicU8);

impl Coarseness {
    pub(crate) const fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    fn raise(&self, to: u8) {
        self.0.fetch_max(to, Ordering::Relaxed);
    }
}

/// The native side of a snapshot. Its buffers are reused.
#[derive(Default)]
pub(crate) struct Native {
    pub(crate) schema: i32,
    pub(crate) zero_threshold: f64,
    pub(crate) zero_count: u64,
    /// How far each run of buckets lies from the one before it, and how many it has.
    pub(crate) spans: Vec<(i32, u32)>,
    /// What each bucket has more than the one before it.
    pub(crate) deltas: Vec<i64>,
    buckets: Vec<(i32, u64)>,
}

impl Native {
    pub(crate) fn read(&mut self, snapshot: &Snapshot) {
        let Some(layout) = snapshot.layout else {
            return;
        };
        self.zero_threshold = layout.zero_threshold();
        let mut coarseness = snapshot.coarseness.map_or(0, Coarseness::get);
        self.collect(snapshot, layout.native(), coarseness);
        while self.buckets.len() > MAX_BUCKETS {
            coarseness += 1;
            self.collect(snapshot, layout.native(), coarseness);
        }
        if let Some(family) = snapshot.coarseness {
            family.raise(coarseness);
        }
        self.schema = SCHEMA - i32::from(coarseness);
        self.encode();
    }

    /// The buckets that hold something, in order.
    fn collect(&mut self, snapshot: &Snapshot, native: &[NativeIndex], coarseness: u8) {
        self.zero_count = 0;
        self.buckets.clear();
        let chunks = native.chunks(CHUNK).zip(snapshot.cells.chunks(CHUNK));
        for (native, cells) in chunks {
            if cells.iter().fold(0, |any, n| any | n) == 0 {
                continue; // as most are
            }
            for (index, n) in native.iter().zip(cells) {
                self.add(*index, *n, coarseness);
            }
        }
    }

    fn add(&mut self, index: NativeIndex, n: u64, coarseness: u8) {
        match index {
            _ if n == 0 => {}
            NativeIndex::Zero => self.zero_count += n,
            NativeIndex::Positive(index) => {
                let index = coarser(index, coarseness);
                match self.buckets.last_mut() {
                    Some((last, held)) if *last == index => *held += n,
                    _ => self.buckets.push((index, n)),
                }
            }
        }
    }

    fn encode(&mut self) {
        self.spans.clear();
        self.deltas.clear();
        let (mut next, mut before) = (0, 0);
        for (index, n) in &self.buckets {
            let gap = index - next;
            match self.spans.last_mut() {
                Some((_, length)) if gap <= BRIDGED => {
                    for _ in 0..gap {
                        self.deltas.push(-before);
                        before = 0;
                    }
                    *length += gap as u32 + 1;
                }
                _ => self.spans.push((gap, 1)),
            }
            let n = i64::try_from(*n).unwrap_or(i64::MAX);
            self.deltas.push(n - before);
            before = n;
            next = index + 1;
        }
    }
}

/// The bucket that a bucket lies in when each doubling has half as many, so many times.
fn coarser(index: i32, times: u8) -> i32 {
    let buckets = 1 << times;
    (index + buckets - 1).div_euclid(buckets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Unit;
    use crate::metrics::cells::layout::Layout;

    fn layout() -> &'static Layout {
        Layout::shared(Unit::Seconds, &[0.1, 1.0]).unwrap()
    }

    /// A snapshot of a histogram in seconds that holds these nanoseconds.
    fn snapshot(values: &[u64]) -> Snapshot {
        let mut cells = vec![0; layout().cells()];
        for value in values {
            cells[layout().cell(*value)] += 1;
        }
        let mut snapshot = Snapshot::default();
        snapshot.add(layout(), cells.into_iter(), 0);
        snapshot
    }

    fn read(snapshot: &Snapshot) -> Native {
        let mut native = Native::default();
        native.read(snapshot);
        native
    }

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn spans_and_deltas() {
        // 2^(1/8) is 1.0905: buckets 0 (up to 1 s), 1, 8 (up to 2 s) and, far below, that of 10 ms.
        let native = read(&snapshot(&[
            SECOND,
            SECOND,
            SECOND + 1,
            2 * SECOND,
            10_000_000,
        ]));
        assert_eq!((native.schema, native.zero_count), (3, 0));
        let of_10_ms = (0.01f64.log2() * 8.0).ceil() as i32;
        assert_eq!(native.spans, [(of_10_ms, 1), (-1 - of_10_ms, 2), (6, 1)]);
        assert_eq!(native.deltas, [1, 1, -1, 0]);
    }

    #[test]
    fn small_gaps_are_bridged() {
        // Buckets 0, 1 and 4 (up to 1.4142 s): the two between are written as empty.
        let native = read(&snapshot(&[
            SECOND,
            SECOND + 1,
            SECOND * 14 / 10,
            SECOND * 14 / 10,
        ]));
        assert_eq!(native.spans, [(0, 5)]);
        assert_eq!(native.deltas, [1, 0, -1, 0, 2]);
    }

    #[test]
    fn what_is_tiny_is_zero_and_what_is_huge_is_in_the_last_bucket() {
        let native = read(&snapshot(&[0, 1, 953, 954, u64::MAX]));
        assert_eq!(native.zero_threshold, 2f64.powi(-20)); // 953.67 ns
        assert_eq!(native.zero_count, 3);
        assert_eq!(native.spans, [(-159, 1), (8193 + 158, 1)]); // that up to +Inf is 8193
        assert_eq!(native.deltas, [1, 0]);
    }

    #[test]
    fn nothing_was_observed() {
        let native = read(&snapshot(&[]));
        assert_eq!(
            (native.zero_count, native.spans.len(), native.deltas.len()),
            (0, 0, 0)
        );
    }

    /// An index of schema 3 made coarser is that of the coarser schema, whose bucket n ends at 2^(n / 2^schema).
    #[test]
    fn coarser_schemas() {
        for schema in -4..=3 {
            let per_doubling = 2f64.powi(schema);
            for nanoseconds in
                (0..63).flat_map(|power| [1u64 << power, (1 << power) + 1, 3 << power])
            {
                let seconds = nanoseconds as f64 / 1e9;
                if !(1e-6..4e3).contains(&seconds) {
                    continue;
                }
                let place = seconds.log2() * per_doubling;
                if (place - place.round()).abs() < 1e-7 {
                    continue; // too near to a bound for the logarithm
                }
                let cell = layout().cell(nanoseconds);
                let NativeIndex::Positive(index) = layout().native()[cell] else {
                    panic!("{nanoseconds} ns are no zero");
                };
                let times = (3 - schema) as u8;
                assert_eq!(
                    coarser(index, times),
                    place.ceil() as i32,
                    "{nanoseconds} {schema}"
                );
            }
            for power in -10..=12 {
                let bound = (2f64.powi(power) * 1e9) as u64;
                let NativeIndex::Positive(index) = layout().native()[layout().cell(bound)] else {
                    panic!("{bound} ns are no zero");
                };
                let expected = (f64::from(power) * per_doubling).ceil() as i32;
                assert_eq!(coarser(index, (3 - schema) as u8), expected, "2^{power} s");
            }
        }
    }

    /// With more than 160 buckets the whole family becomes coarser, and stays so.
    #[test]
    fn too_many_buckets() {
        static FAMILY: Coarseness = Coarseness::new();
        let values: Vec<u64> = (0..270)
            .map(|i| (2f64.powf(f64::from(i) / 8.0) * 1000.0) as u64)
            .collect();
        let mut many = snapshot(&values);
        many.coarseness = Some(&FAMILY);
        let native = read(&many);
        assert_eq!(native.schema, 2);
        let mut held = 0;
        let counts = native.deltas.iter().map(|delta| {
            held += delta;
            held
        });
        let total = counts.sum::<i64>() as u64 + native.zero_count;
        assert_eq!(total, 270);
        assert!(native.deltas.len() <= MAX_BUCKETS);
        let mut few = snapshot(&[SECOND, 2 * SECOND]);
        few.coarseness = Some(&FAMILY);
        let native = read(&few);
        assert_eq!(
            (native.schema, &native.spans[..]),
            (2, &[(0, 1), (3, 1)][..])
        );
    }
}
