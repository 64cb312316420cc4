//! A sum of more than 64 bits, made of two words that are written one after the other and read without a lock.
//!
//! `low` is the sum's lower 64 bits. `halves` is how many times the sum passed a multiple of 2^63: odd when the upper bit of `low` is set, so that a
//! reader who comes between the two writes sees that one is missing, and adds it.

use crate::metrics::lockfree::sync::{AtomicU64, Ordering};

/// How many multiples of 2^63 a low word passes when `n` is added to it; mostly none.
#[inline]
pub(crate) fn passed(low: u64, n: u64) -> u64 {
    if ((low ^ low.wrapping_add(n)) | n) < HALF {
        return 0;
    }
    ((low & !HALF) + (n & !HALF)) / HALF + n / HALF
}

/// Tells of multiples that the low word has passed.
#[cold]
pub(crate) fn pass(halves: &AtomicU64, passed: u64) {
    halves.fetch_add(passed, Ordering::Release);
}

/// The sum: at each moment one that there was, where no more than one multiple of 2^63 is passed in that moment. Else it can be too low
/// by 2^64 for once: of times and bytes that takes centuries to come, of own values some that are nearly that large.
pub(crate) fn read(low: &AtomicU64, halves: &AtomicU64) -> u128 {
    let halves = halves.load(Ordering::Acquire); // no more than the low word, read after it, has passed
    let low = low.load(Ordering::Relaxed);
    let missing = (halves ^ (low / HALF)) & 1;
    u128::from((halves + missing) / 2) << 64 | u128::from(low)
}

/// 2^63.
const HALF: u64 = 1 << 63;

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of large numbers, read after each, and before the second word is written.
    #[test]
    fn is_read_as_it_was_written() {
        let numbers = [
            0,
            1,
            HALF - 1,
            1,
            HALF,
            HALF - 1,
            HALF,
            5,
            HALF - 1,
            HALF - 3,
        ];
        let (low, halves, mut sum) = (AtomicU64::new(0), AtomicU64::new(0), 0u128);
        for n in numbers {
            let before = low.fetch_add(n, Ordering::Relaxed);
            sum += u128::from(n);
            assert_eq!(read(&low, &halves), sum, "halfway, {n}");
            pass(&halves, passed(before, n));
            assert_eq!(read(&low, &halves), sum, "{n}");
        }
        for n in [HALF + 1, u64::MAX, u64::MAX] {
            let before = low.fetch_add(n, Ordering::Relaxed);
            sum += u128::from(n);
            pass(&halves, passed(before, n));
            assert_eq!(read(&low, &halves), sum, "{n}");
        }
    }
}
