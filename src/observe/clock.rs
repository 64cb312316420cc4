//! The clock that requests and functions are measured with: the system's, or with `fast-clock` the processor's counter.
//!
//! Reading the system clock waits until all instructions before it are done, which costs a request more than the reading
//! itself. The counter does not wait. It is used only where the kernel trusts it: where it is the kernel's own clock source.

use std::time::Instant;

use crate::metrics::nanoseconds;

/// When something began.
#[derive(Clone, Copy)]
pub(crate) enum Start {
    System(Instant),
    #[cfg(feature = "fast-clock")]
    Counter(fastant::Instant),
}

impl Start {
    /// It begins now.
    #[inline]
    pub(crate) fn now() -> Self {
        #[cfg(feature = "fast-clock")]
        if counter::is_trusted() {
            return Self::Counter(fastant::Instant::now());
        }
        Self::System(Instant::now())
    }

    /// The nanoseconds since then; none when the clock stands still or goes back.
    #[inline]
    pub(crate) fn nanoseconds(self) -> u64 {
        match self {
            Self::System(start) => nanoseconds(start.elapsed()),
            #[cfg(feature = "fast-clock")]
            Self::Counter(start) => counter::plausible(nanoseconds(start.elapsed())),
        }
    }
}

#[cfg(feature = "fast-clock")]
mod counter {
    use std::sync::LazyLock;

    /// Where Linux tells what its clock is made of.
    const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

    /// A year. A counter that began anew, as when a suspended machine wakes up, makes times of centuries.
    const LONGEST: u64 = 365 * 24 * 3_600 * 1_000_000_000;

    /// No time, instead of one that cannot be.
    #[inline]
    pub(super) fn plausible(nanoseconds: u64) -> u64 {
        match nanoseconds {
            0..=LONGEST => nanoseconds,
            _ => 0,
        }
    }

    /// Whether the kernel makes its clock of the counter: then all processors agree on it, and its speed is constant.
    /// Looked up once.
    #[inline]
    pub(super) fn is_trusted() -> bool {
        static IS_TRUSTED: LazyLock<bool> = LazyLock::new(|| {
            let source = std::fs::read_to_string(CLOCK_SOURCE).unwrap_or_default();
            source.trim() == "tsc" && fastant::is_tsc_available()
        });
        *IS_TRUSTED
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[cfg(feature = "fast-clock")]
    #[test]
    fn a_counter_that_began_anew_makes_no_time_of_centuries() {
        assert_eq!(counter::plausible(3_600_000_000_000), 3_600_000_000_000);
        assert_eq!(counter::plausible(u64::MAX / 3), 0);
    }

    #[test]
    fn time_is_that_of_the_system_clock() {
        let before = Instant::now();
        let start = Start::now();
        let after = Instant::now();
        while after.elapsed() < Duration::from_millis(50) {
            std::hint::spin_loop();
        }
        let least = after.elapsed().mul_f64(0.999);
        let measured = Duration::from_nanos(start.nanoseconds());
        let most = before.elapsed().mul_f64(1.001);
        assert!(least <= measured && measured <= most, "{measured:?}");
    }
}
