//! Texts that are as long as there is room for.

/// A text, or as much of it as there is room for.
pub(crate) fn cut(text: &str, longest: usize) -> &str {
    let mut ends = (0..=longest.min(text.len())).rev();
    let end = ends.find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}
