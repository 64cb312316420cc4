//! No more than so many in a time, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Lets through so many in each second, or minute, since it was made.
pub(crate) struct Limiter {
    most: u32,
    /// In seconds.
    period: u64,
    begun: Instant,
    /// The period, and how many it let through.
    state: AtomicU64,
}

impl Limiter {
    pub(crate) fn new(most: u32) -> Self {
        Self {
            most,
            period: 1,
            begun: Instant::now(),
            state: AtomicU64::new(0),
        }
    }

    #[cfg(feature = "business")]
    pub(crate) fn each_minute(most: u32) -> Self {
        Self {
            period: 60,
            ..Self::new(most)
        }
    }

    /// Whether one more is let through.
    pub(crate) fn admits(&self) -> bool {
        self.most == u32::MAX || self.admits_in(self.begun.elapsed().as_secs() / self.period)
    }

    /// Whether it has let nothing through for a whole period: what it lets through next may be long in coming.
    #[cfg_attr(not(feature = "logs"), allow(dead_code))]
    pub(crate) fn is_idle(&self) -> bool {
        self.is_idle_in(self.begun.elapsed().as_secs() / self.period)
    }

    fn is_idle_in(&self, second: u64) -> bool {
        let last = self.state.load(Ordering::Relaxed) >> 32;
        (second & u64::from(u32::MAX)).wrapping_sub(last) > 1
    }

    fn admits_in(&self, second: u64) -> bool {
        let second = second & u64::from(u32::MAX);
        let admitted = self
            .state
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| {
                let admitted = if state >> 32 == second {
                    state & u64::from(u32::MAX)
                } else {
                    0
                };
                (admitted < u64::from(self.most)).then_some(second << 32 | (admitted + 1))
            });
        admitted.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_each_second() {
        let limiter = Limiter::new(2);
        let admitted = [0, 0, 0, 1, 1, 1, 7].map(|second| limiter.admits_in(second));
        assert_eq!(admitted, [true, true, false, true, true, false, true]);
        assert!(!Limiter::new(0).admits());
        assert!((0..1000).all(|_| Limiter::new(u32::MAX).admits()));
    }

    #[test]
    fn idle_after_a_second_in_which_nothing_was_let_through() {
        let limiter = Limiter::new(1);
        assert!(limiter.admits_in(7) && !limiter.admits_in(7));
        let idle = [7, 8, 9].map(|second| limiter.is_idle_in(second));
        assert_eq!(idle, [false, false, true]);
    }

    #[test]
    fn threads_share_what_there_is() {
        let limiter = Limiter::new(1000);
        let work = || (0..1000).filter(|_| limiter.admits_in(5)).count();
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(admitted, 1000);
    }
}
