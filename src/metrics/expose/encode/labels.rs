//! Labels, as the text formats and as protobuf have them.

use crate::protobuf::{length_of, text, varint};

/// Adds `name="value"` to labels.
pub(crate) fn push_label(labels: &mut String, name: &str, value: &str) {
    if !labels.is_empty() {
        labels.push(',');
    }
    labels.push_str(name);
    labels.push_str("=\"");
    push_escaped(labels, value);
    labels.push('"');
}

/// Adds a text as it stands between quotes.
pub(crate) fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
}

/// Adds a label to a protobuf `Metric`: its length is known before it is written.
#[inline]
pub(crate) fn label(out: &mut Vec<u8>, name: &str, value: &str) {
    let length = |text: &str| 1 + length_of(text.len() as u64) + text.len();
    varint(out, 1 << 3 | 2);
    varint(out, (length(name) + length(value)) as u64);
    text(out, 1, name);
    text(out, 2, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_are_escaped() {
        let mut labels = String::new();
        push_label(&mut labels, "a", "x\\y\"z\n");
        push_label(&mut labels, "b", "grün");
        assert_eq!(labels, r#"a="x\\y\"z\n",b="grün""#);
    }
}
