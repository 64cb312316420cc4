//! How long tasks have waited for what there is too little of.
//!
//! Source: the kernel's documentation, "PSI - Pressure Stall Information".

/// What tasks wait for: each has a file of its name.
pub(crate) const RESOURCES: [&str; 3] = ["cpu", "memory", "io"];

/// Whether some tasks wait or all that are not idle, as the files have it.
pub(crate) const STALLED: [&str; 2] = ["some", "full"];

/// How long that was so, in microseconds.
pub(crate) fn total(text: &str, stalled: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(stalled));
    let mut words = lines.next()?.strip_prefix(' ')?.split_ascii_whitespace();
    words
        .find_map(|word| word.strip_prefix("total="))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals() {
        let check = |text, expected: [Option<u64>; 2]| {
            let found = STALLED.map(|stalled| total(text, stalled));
            assert_eq!(found, expected, "{text:?}");
        };
        check(
            "some avg10=0.12 avg60=1.00 avg300=0.50 total=157656722\n\
             full avg10=0.00 avg60=0.00 avg300=0.00 total=18446744073709551615\n",
            [Some(157_656_722), Some(u64::MAX)],
        );
        // The file of the processors, before Linux 5.13.
        check(
            "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
            [Some(7), None],
        );
        check("some total=\nfull total=18446744073709551616\n", [None; 2]);
        check("some avg10=0.00\nfulltotal=1\n", [None; 2]);
        check("something total=1\n", [None; 2]);
        check("some total=-1\nfull total=1.5\n", [None; 2]);
        check("", [None; 2]);
    }
}
