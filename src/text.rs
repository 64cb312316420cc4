//! Texts that are as long as there is room for, and numbers in a fixed number of digits.

#[cfg(any(feature = "business", feature = "logs", feature = "traces"))]
use std::fmt;

/// A text, or as much of it as there is room for.
pub(crate) fn cut(text: &str, longest: usize) -> &str {
    let mut ends = (0..=longest.min(text.len())).rev();
    let end = ends.find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

#[cfg(any(feature = "business", feature = "logs", feature = "traces"))]
/// Takes a text in until it is this long; then whoever writes it is told to stop.
pub(crate) struct Short<'a> {
    pub(crate) text: &'a mut String,
    pub(crate) longest: usize,
}

#[cfg(any(feature = "business", feature = "logs", feature = "traces"))]
impl fmt::Write for Short<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.longest.saturating_sub(self.text.len());
        let fits = cut(text, room);
        self.text.push_str(fits);
        match fits.len() == text.len() {
            true => Ok(()),
            false => Err(fmt::Error),
        }
    }
}

/// Appends 16 hexadecimal digits.
pub(crate) fn hex(out: &mut Vec<u8>, value: u64) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; 16];
    for (at, digit) in (0..).zip(&mut digits) {
        *digit = DIGITS[(value >> (60 - 4 * at) & 15) as usize];
    }
    out.extend_from_slice(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(any(feature = "business", feature = "logs", feature = "traces"))]
    fn texts_that_stop_where_there_is_no_more_room() {
        use std::fmt::Write as _;
        for (longest, expected) in [(0, ""), (2, "ab"), (3, "ab"), (4, "abü"), (9, "abüc")] {
            let mut text = String::new();
            let mut short = Short {
                text: &mut text,
                longest,
            };
            let told = ["a", "büc"].map(|text| short.write_str(text));
            assert_eq!(told[1].is_ok(), longest == 9, "{longest}");
            assert_eq!(text, expected, "{longest}");
        }
    }

    #[test]
    fn sixteen_digits() {
        let mut out = Vec::new();
        hex(&mut out, 0xa0f);
        hex(&mut out, u64::MAX);
        assert_eq!(out, b"0000000000000a0fffffffffffffffff");
    }
}
