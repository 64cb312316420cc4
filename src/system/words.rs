//! What stands behind a word, as the kernel writes it in most of its files.

/// What stands behind a word at the start of a line.
pub(crate) fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(word))
}

/// A size such as `VmRSS:     2080 kB`, in bytes.
pub(crate) fn bytes(text: &str, word: &str) -> Option<u64> {
    let size = after(text, word)?.trim().strip_suffix(" kB")?;
    size.parse::<u64>().ok()?.checked_mul(1024)
}

/// The number of a key, of lines of a key and a number each.
pub(crate) fn keyed(text: &str, key: &str) -> Option<u64> {
    let mut rest = text.lines().filter_map(|line| line.strip_prefix(key));
    rest.find_map(|rest| rest.strip_prefix(' '))?.parse().ok()
}

/// The number that a file has alone.
pub(crate) fn only(text: &str) -> Option<u64> {
    text.trim_end().parse().ok()
}

/// Millionths of a second.
pub(crate) fn micros(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let check = |text, expected| assert_eq!(bytes(text, "MemTotal:"), expected, "{text:?}");
        check("MemTotal:        8008460 kB\n", Some(8_200_663_040));
        check("MemFree: 1 kB\nMemTotal: 0 kB", Some(0));
        check("MemTotal:\n", None);
        check("MemTotal: 1 MB\n", None);
        check("MemTotal: 1\n", None);
        check(" MemTotal: 1 kB\n", None);
        check("MemTotal: 18446744073709551615 kB\n", None);
        check("", None);
    }

    #[test]
    fn keys() {
        let check = |text, expected| assert_eq!(keyed(text, "oom"), expected, "{text:?}");
        check("max 1\noom 2\noom_kill 3\n", Some(2));
        check("oom_kill 3\noom 2\n", Some(2));
        check("oom_kill 3\n", None);
        check("oom\noom -1\n", None);
        check("oom 1.5\n", None);
        check("oom 18446744073709551616\n", None);
        check("oom 18446744073709551615\n", Some(u64::MAX));
        check("", None);
    }

    #[test]
    fn a_number_alone() {
        assert_eq!(only("4096\n"), Some(4096));
        for text in ["", "\n", "max\n", "1 2\n", "-1\n"] {
            assert_eq!(only(text), None, "{text:?}");
        }
    }
}
