//! One entry of a `baggage` header as it is written, and the list of them.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::trace::state::trimmed;

/// Entries of a list.
pub(super) const MOST: usize = 64;

/// Bytes of a list.
pub(super) const LONGEST: usize = 8192;

/// Entries that are looked at: a header can have many more that are left out.
const MOST_READ: usize = 4 * MOST;

/// An entry: a name, a value that is percent-encoded, and whatever properties it has.
pub(super) struct Member<'a> {
    /// All of it.
    pub(super) text: &'a str,
    pub(super) name: &'a str,
    value: &'a str,
}

impl<'a> Member<'a> {
    /// Reads one; `None` if it is malformed.
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        let text = trimmed(text);
        let mut parts = text.split(|byte| *byte == b';');
        let (name, value) = pair(parts.next()?)?;
        let is_property = |part| is_token(trimmed(part)) || pair(part).is_some();
        if !parts.all(is_property) {
            return None;
        }
        Some(Self {
            text: std::str::from_utf8(text).ok()?,
            name: std::str::from_utf8(name).ok()?,
            value: std::str::from_utf8(value).ok()?,
        })
    }

    /// The value as it is meant. A `%` that begins no byte stands for itself.
    pub(super) fn decoded(&self) -> Cow<'a, str> {
        percent_decode_str(self.value).decode_utf8_lossy()
    }
}

/// `name=value`, with blanks around each.
fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (trimmed(&text[..equals]), trimmed(&text[equals + 1..]));
    let is_pair = is_token(name) && value.iter().copied().all(is_plain);
    is_pair.then_some((name, value))
}

/// A name, as HTTP has it.
pub(super) fn is_token(name: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(is_part)
}

/// Whether a byte stands for itself in a value.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

/// What does not stand for itself in a value, besides what is not ASCII.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b',')
    .add(b';')
    .add(b'\\');

/// A value as it is written.
pub(super) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

/// The list of the entries in these lines that are well-formed: of two with one name the later one, and no more than there is room for.
pub(super) fn join<'a>(lines: impl Iterator<Item = &'a [u8]>) -> String {
    let texts = lines.flat_map(|line| line.split(|byte| *byte == b','));
    let texts = texts.take(MOST_READ).filter(|text| text.len() <= LONGEST);
    let mut members: Vec<Member<'_>> = Vec::new();
    let mut length = 0; // with a comma after each
    for member in texts.filter_map(Member::read) {
        let known = members.iter().position(|known| known.name == member.name);
        let freed = known.map_or(0, |known| members[known].text.len() + 1);
        let needed = length - freed + member.text.len() + 1;
        let number = members.len() - usize::from(known.is_some());
        if number >= MOST || needed - 1 > LONGEST {
            continue;
        }
        known.map(|known| members.remove(known));
        members.push(member);
        length = needed;
    }
    let members: Vec<&str> = members.iter().map(|member| member.text).collect();
    members.join(",")
}
