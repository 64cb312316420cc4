//! Processors and memory of the whole machine.
//!
//! Source: proc(5).

use crate::system::words::bytes;

/// What processors spend their time on, in the order of `/proc/stat`. What guests run is in the first two.
pub(crate) const MODES: [&str; 8] = [
    "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal",
];

/// What each mode has taken of all processors, in ticks: the first line of `/proc/stat`. Nobody knows where all are 0, as gVisor writes them.
pub(crate) fn times(stat: &str) -> Option<[u64; MODES.len()]> {
    let mut numbers = stat
        .strip_prefix("cpu ")?
        .lines()
        .next()?
        .split_ascii_whitespace();
    let mut times = [0; MODES.len()];
    for time in &mut times {
        *time = numbers.next()?.parse().ok()?;
    }
    (times != [0; MODES.len()]).then_some(times)
}

/// How far a time may go back and be held: what idle processors and those that wait for disks have done is an estimate, which the kernel
/// corrects by some hundredths of a second.
const HELD: u64 = 1000;

/// The times as they are shown, none of which ever goes back: Prometheus would take all there was since boot for new.
#[derive(Default)]
pub(crate) struct Times([Time; MODES.len()]);

/// That of one mode.
#[derive(Clone, Copy, Default)]
struct Time {
    before: u64,
    /// What went away with processors that were taken off, or whoever else writes the file anew.
    gone: u64,
}

impl Times {
    /// The times that it is now.
    pub(crate) fn hold(&mut self, now: [u64; MODES.len()]) -> [u64; MODES.len()] {
        for (time, now) in self.0.iter_mut().zip(now) {
            time.go_on(now);
        }
        self.0.map(|time| time.before.saturating_add(time.gone))
    }
}

impl Time {
    fn go_on(&mut self, now: u64) {
        match self.before.saturating_sub(now) {
            0 => self.before = now,
            1..=HELD => {}
            gone => {
                self.gone = self.gone.saturating_add(gone);
                self.before = now;
            }
        }
    }
}

/// How many processors a list such as `0-3,8` has.
pub(crate) fn processors(online: &str) -> Option<u64> {
    let mut all = 0u64;
    for part in online.trim_end().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
        let count = last.checked_sub(first)?.checked_add(1)?;
        all = all.checked_add(count)?;
    }
    Some(all)
}

/// The bytes of memory that there are, by `/proc/meminfo`.
pub(crate) fn memory(meminfo: &str) -> Option<u64> {
    bytes(meminfo, "MemTotal:")
}

/// The bytes that are used: all but those that programs could have at once.
pub(crate) fn used_memory(meminfo: &str) -> Option<u64> {
    memory(meminfo)?.checked_sub(bytes(meminfo, "MemAvailable:")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_first_line() {
        let check = |stat: &str, expected| assert_eq!(times(stat), expected, "{stat:?}");
        let all = Some([
            10_132_153, 290_696, 3_084_719, 46_828_483, 16_683, 0, 25_195, 7,
        ]);
        check(
            "cpu  10132153 290696 3084719 46828483 16683 0 25195 7 175628 0\ncpu0 1 2 3 4 5 6 7 8\n",
            all,
        );
        check("cpu  1 2 3 4 5 6 7 8", Some([1, 2, 3, 4, 5, 6, 7, 8]));
        check("cpu  1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7 8\n", None);
        check("cpu0 1 2 3 4 5 6 7 8\n", None);
        check("cpu  1 2 3 4 5 6 7 x\n", None);
        check("cpu  1 2 3 4 5 6 7 -8\n", None);
        check("cpu  1 2 3 4 5 6 7 18446744073709551616\n", None);
        check("intr 5\ncpu  1 2 3 4 5 6 7 8\n", None);
        check("cpu  0 0 0 1 0 0 0 0\n", Some([0, 0, 0, 1, 0, 0, 0, 0]));
        check("cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n", None);
        check("cpu ", None);
        check("cpu", None);
        check("", None);
    }

    #[test]
    fn times_never_go_back() {
        let mut times = Times::default();
        let mut check = |idle, expected| {
            let now = [5, 0, 0, idle, 0, 0, 0, u64::MAX];
            assert_eq!(times.hold(now), [5, 0, 0, expected, 0, 0, 0, u64::MAX]);
        };
        check(5_000, 5_000);
        // A correction.
        check(4_999, 5_000);
        check(4_000, 5_000);
        check(5_001, 5_001);
        // A processor is taken off, and comes back.
        check(3_000, 5_001);
        check(3_500, 5_501);
        check(3_400, 5_501);
        check(6_000, 8_001);
        // All begins anew, again and again.
        check(0, 8_001);
        check(u64::MAX, u64::MAX);
        check(0, u64::MAX);
    }

    #[test]
    fn processors_of_a_list() {
        let check = |list, expected| assert_eq!(processors(list), expected, "{list:?}");
        check("0\n", Some(1));
        check("0-3\n", Some(4));
        check("0-3,8,10-11", Some(7));
        check("3-0\n", None);
        check("0-\n", None);
        check("\n", None);
        check("", None);
        check("0-3,\n", None);
        check("a-b\n", None);
        check("0-18446744073709551615\n", None);
        check("1-18446744073709551615,0-1\n", None);
    }

    #[test]
    fn memory_of_the_machine() {
        let check = |text, expected| assert_eq!((memory(text), used_memory(text)), expected);
        let text = "MemTotal:    1000 kB\nMemFree:    1 kB\nMemAvailable:    400 kB\n";
        check(text, (Some(1_024_000), Some(614_400)));
        // Before Linux 3.14.
        check(
            "MemTotal:    1000 kB\nMemFree:    1 kB\n",
            (Some(1_024_000), None),
        );
        check(
            "MemTotal:    1 kB\nMemAvailable:    2 kB\n",
            (Some(1024), None),
        );
        check("MemAvailable:    2 kB\n", (None, None));
        check("", (None, None));
    }
}
