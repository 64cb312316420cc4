//! What is written as YAML in more than one file.

/// Pairs on one line, whose values have no quotes in them.
pub(crate) fn map(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{name}: '{value}'"));
    let pairs: Vec<String> = pairs.collect();
    format!("{{{}}}", pairs.join(", "))
}

/// A text whose lines stand further in, where they are not empty.
pub(crate) fn indented(text: &str, by: usize) -> String {
    let line = |line: &str| match line.is_empty() {
        true => "\n".to_owned(),
        false => format!("{:by$}{line}\n", ""),
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::{indented, map};

    #[test]
    fn as_it_is_written() {
        assert_eq!(map(&[]), "{}");
        assert_eq!(map(&[("a", "b"), ("c", "d: e")]), "{a: 'b', c: 'd: e'}");
        for (text, further) in [("", ""), ("a", "  a\n"), ("a\n\n b\n", "  a\n\n   b\n")] {
            assert_eq!(indented(text, 2), further);
        }
    }
}
