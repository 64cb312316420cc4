//! A sum of two words is at each moment one that there was.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

use super::check;
use crate::metrics::cells::wide;

#[derive(Default)]
struct Sum {
    low: AtomicU64,
    halves: AtomicU64,
}

impl Sum {
    /// As one thread adds that shares the words with others.
    fn add(&self, n: u64) {
        let before = self.low.fetch_add(n, Ordering::Relaxed);
        let passed = wide::passed(before, n);
        if passed != 0 {
            wide::pass(&self.halves, passed);
        }
    }

    fn read(&self) -> u128 {
        wide::read(&self.low, &self.halves)
    }
}

const QUARTER: u64 = 1 << 62;

/// While a multiple of 2^63 is passed: an odd one, and one of 2^64.
pub fn a_reader_sees_what_there_was() {
    for begun_with in [1, 3] {
        check(move || {
            let sum = Arc::new(Sum::default());
            (0..begun_with).for_each(|_| sum.add(QUARTER));
            let writer = {
                let sum = Arc::clone(&sum);
                thread::spawn(move || (0..2).for_each(|_| sum.add(QUARTER)))
            };
            let mut before = begun_with;
            for _ in 0..3 {
                let now = sum.read() / u128::from(QUARTER);
                assert!(
                    before <= now && now <= begun_with + 2,
                    "{now} after {before}"
                );
                before = now;
            }
            writer.join().unwrap();
            assert_eq!(sum.read(), (begun_with + 2) * u128::from(QUARTER));
        });
    }
}

/// Of which one at a time passes a multiple of 2^63.
pub fn nothing_is_lost_between_two_writers() {
    check(|| {
        let sum = Arc::new(Sum::default());
        let writers = [QUARTER, 2 * QUARTER].map(|n| {
            let sum = Arc::clone(&sum);
            thread::spawn(move || sum.add(n))
        });
        let now = sum.read() / u128::from(QUARTER);
        assert!(now <= 3, "{now}");
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(sum.read(), 3 * u128::from(QUARTER));
    });
}
