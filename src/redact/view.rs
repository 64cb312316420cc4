//! A text as the finders see it: bytes that can be asked for beyond both ends.

use std::ops::Range;

use super::REDACTED;

/// What a finder has found, or else where to look on.
pub(super) type Found = Result<Range<usize>, usize>;

#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    text: &'a str,
    /// Where the last find ends. Nobody looks further back, so that a text is judged as it looks when that find is replaced.
    pub(super) floor: usize,
}

impl<'a> View<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, floor: 0 }
    }

    pub(super) fn text(self) -> &'a str {
        self.text
    }

    pub(super) fn len(self) -> usize {
        self.text.len()
    }

    /// The byte there; 0 after the end.
    #[inline]
    pub(super) fn at(self, place: usize) -> u8 {
        work(1);
        let byte = self.text.as_bytes().get(place);
        byte.copied().unwrap_or_default()
    }

    /// The byte before that; 0 before the floor.
    #[inline]
    pub(super) fn before(self, place: usize) -> u8 {
        match place > self.floor {
            true => self.at(place - 1),
            false => 0,
        }
    }

    /// The bytes of this range; none where there is no such range.
    pub(super) fn slice(self, range: Range<usize>) -> &'a [u8] {
        work(range.len());
        let bytes = self.text.as_bytes();
        bytes.get(range).unwrap_or_default()
    }

    /// Whether this is there.
    pub(super) fn has(self, place: usize, what: &str) -> bool {
        let mut same = (0..).zip(what.bytes());
        same.all(|(at, byte)| self.at(place + at) == byte)
    }

    /// Whether this, which is in lower case, is there in any case.
    pub(super) fn has_word(self, place: usize, word: &str) -> bool {
        let mut same = (0..).zip(word.bytes());
        same.all(|(at, byte)| self.at(place + at).to_ascii_lowercase() == byte)
    }

    /// Whether something stands there that was redacted.
    pub(super) fn is_redacted(self, place: usize) -> bool {
        self.at(place) == b'[' && self.has(place, REDACTED)
    }

    /// The end of the bytes from there on that are all so.
    pub(super) fn end(self, from: usize, is: impl Fn(u8) -> bool) -> usize {
        let mut place = from;
        while place < self.len() && is(self.at(place)) {
            place += 1;
        }
        place
    }

    /// The start of the bytes up to there that are all so.
    pub(super) fn start(self, until: usize, is: impl Fn(u8) -> bool) -> usize {
        let mut place = until;
        while place > self.floor && is(self.before(place)) {
            place -= 1;
        }
        place
    }

    /// The end of spaces and tabs.
    pub(super) fn after_blanks(self, from: usize) -> usize {
        self.end(from, is_blank)
    }

    /// The end of white space, be it escaped.
    pub(super) fn after_space(self, from: usize) -> usize {
        let mut place = from;
        loop {
            let escaped = self.end(place, |byte| byte == b'\\');
            place = match self.at(place) {
                b'\\' if is_escaped_space(self.at(escaped)) => escaped + 1,
                byte if byte.is_ascii_whitespace() => place + 1,
                _ => return place,
            };
        }
    }

    /// The start of white space and backslashes.
    pub(super) fn before_space(self, until: usize) -> usize {
        let mut place = until;
        loop {
            place = match self.before(place) {
                b'\\' => place - 1,
                byte if byte.is_ascii_whitespace() => place - 1,
                byte if is_escaped_space(byte) && self.before(place - 1) == b'\\' => place - 1,
                _ => return place,
            };
        }
    }

    /// Whether a word may begin here: no letter or digit is before it, but of an encoded character such as `%20`.
    pub(super) fn begins_word(self, place: usize) -> bool {
        !self.before(place).is_ascii_alphanumeric() || self.is_after_code(place)
    }

    /// Whether an encoded character such as `%20` ends here.
    fn is_after_code(self, place: usize) -> bool {
        self.before(place).is_ascii_hexdigit()
            && self.before(place - 1).is_ascii_hexdigit()
            && self.before(place - 2) == b'%'
    }

    /// The same place, or that behind the rest of an encoded character such as `%20`, whose `%` is before it.
    pub(super) fn behind_code(self, place: usize) -> usize {
        let is_in_code = self.before(place) == b'%' && self.is_after_code(place + 2);
        place + if is_in_code { 2 } else { 0 }
    }

    /// The place before this code, if it ends here; else this place.
    pub(super) fn before_code(self, place: usize, code: &str) -> usize {
        match place.checked_sub(code.len()) {
            Some(before) if before >= self.floor && self.has_word(before, code) => before,
            _ => place,
        }
    }

    /// How many bytes the letter or digit there has; 0 where there is none. Knows the alphabets of two bytes: Latin, Greek, Cyrillic and others.
    pub(super) fn letter_at(self, place: usize) -> usize {
        match self.at(place) {
            byte if byte.is_ascii_alphanumeric() => 1,
            first @ 0xc2..=0xdf if is_letter(first, self.at(place + 1)) => 2,
            _ => 0,
        }
    }

    /// The same of the one before.
    pub(super) fn letter_before(self, place: usize) -> usize {
        match self.before(place) {
            byte if byte.is_ascii_alphanumeric() => 1,
            second @ 0x80..=0xbf if is_letter(self.before(place - 1), second) => 2,
            _ => 0,
        }
    }
}

/// Whether a character of these two bytes is a letter.
fn is_letter(first: u8, second: u8) -> bool {
    let code = u32::from(first & 0x1f) << 6 | u32::from(second & 0x3f);
    matches!(first, 0xc2..=0xdf) && char::from_u32(code).is_some_and(char::is_alphanumeric)
}

/// Whether this with a backslash before it stands for white space.
pub(super) fn is_escaped_space(byte: u8) -> bool {
    matches!(byte, b'n' | b'r' | b't')
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a byte is of a word, or of a character that is not ASCII's.
pub(super) fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Counts bytes that are looked at, for the tests of how many there are.
#[inline]
pub(super) fn work(_bytes: usize) {
    #[cfg(test)]
    WORK.set(WORK.get() + _bytes);
}

#[cfg(test)]
thread_local! {
    pub(super) static WORK: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
