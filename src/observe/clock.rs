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
        nanoseconds(match self {
            Self::System(start) => start.elapsed(),
            #[cfg(feature = "fast-clock")]
            Self::Counter(start) => start.elapsed(),
        })
    }
}

#[cfg(feature = "fast-clock")]
mod counter {
    use std::sync::LazyLock;

    /// Where Linux tells what its clock is made of.
    const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

    /// Whether the kernel makes its clock of the counter: then all processors agree on it, and its speed is constant.
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
