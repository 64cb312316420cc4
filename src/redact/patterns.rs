//! Finds what is secret in a text, in one pass.
//!
//! A find begins or has its mark at two bytes that are rare beside each other; only there is looked closer. No finder looks back behind the last
//! find, and none is led on by something else after what stands for one: so a text that is redacted twice stays as it was after the first time.

use std::borrow::Cow;
use std::mem::{replace, take};
use std::ops::Range;

use super::view::{Found, View, work};
use super::{REDACTED, address, card, key, pair, scheme};
use crate::text::cut;

/// How many bytes behind the end of what is told are read, since something may begin before that end.
pub(crate) const BEYOND: usize = 512;

/// Hands on a text in pieces, without what must not be told: it is replaced by [`REDACTED`].
pub(crate) fn pieces(text: &str) -> Pieces<'_> {
    Pieces {
        view: View::new(text),
        at: 0,
        host_end: 0,
        is_redacting: false,
    }
}

/// A text without what must not be told.
#[cfg_attr(not(feature = "logs"), allow(dead_code))]
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    told(text).0
}

/// The same in one line: nothing in it can look like a line of its own.
#[cfg_attr(not(any(feature = "logs", feature = "traces")), allow(dead_code))]
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let start = start(text, longest);
    let mut line: String = start.chars().filter(|c| !c.is_control()).collect();
    if text.len() > longest {
        line.push('…');
    }
    line
}

/// The start of a text, of at most so many bytes, without what must not be told.
pub(crate) fn start(text: &str, longest: usize) -> Cow<'_, str> {
    let read = cut(text, longest.saturating_add(BEYOND));
    let (mut told, last) = told(read);
    if read.len() < text.len() {
        // What is at its end may be half of a secret, which nobody has found.
        shorten(&mut told, last.min(BEYOND));
    }
    let beyond = told.len().saturating_sub(longest);
    shorten(&mut told, beyond);
    told
}

/// A text without what must not be told, and how much at its end is told.
fn told(text: &str) -> (Cow<'_, str>, usize) {
    let mut pieces = pieces(text);
    let first = pieces.next().unwrap_or_default();
    if pieces.view.floor == text.len() && first.len() == text.len() {
        return (first.into(), first.len());
    }
    let mut told = String::with_capacity(text.len());
    told.push_str(first);
    let mut last = 0;
    for piece in pieces {
        told.push_str(piece);
        last = if piece == REDACTED { 0 } else { piece.len() };
    }
    (told.into(), last)
}

/// Takes so many bytes from the end of a text, and the rest of a character.
fn shorten(text: &mut Cow<'_, str>, bytes: usize) {
    let end = cut(text, text.len().saturating_sub(bytes)).len();
    match text {
        Cow::Borrowed(text) => *text = &text[..end],
        Cow::Owned(text) => text.truncate(end),
    }
}

/// The pieces of a text.
pub(crate) struct Pieces<'a> {
    view: View<'a>,
    /// How far it has been read.
    at: usize,
    /// How far no `:` begins a value, but a port.
    host_end: usize,
    /// Whether something was found after the piece before.
    is_redacting: bool,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if take(&mut self.is_redacting) {
            return Some(REDACTED);
        }
        let (text, from) = (self.view.text(), self.view.floor);
        let (end, next) = match self.find() {
            Some(found) => (found.start, found.end),
            None => (text.len(), text.len()),
        };
        (self.view.floor, self.at) = (next, next);
        let is_found = next > end;
        match text.get(from..end) {
            Some("") | None if is_found => Some(REDACTED),
            Some("") | None => None,
            piece => {
                self.is_redacting = is_found;
                piece
            }
        }
    }
}

impl Pieces<'_> {
    fn find(&mut self) -> Option<Range<usize>> {
        let bytes = self.view.text().as_bytes();
        let (mut place, mut before) = (self.at, NUMBER);
        // Where something was last that is of names of secrets, and where a name ended.
        let (mut hint, mut name) = (0, 0);
        loop {
            // Four at a time where there is nothing.
            while let Some(&[one, two, three, four]) = bytes.get(place..place + 4) {
                let [one, two, three, four] =
                    [one, two, three, four].map(|byte| PAIRS[usize::from(byte)]);
                let kinds =
                    before & one >> 32 | one & two >> 32 | two & three >> 32 | three & four >> 32;
                if kinds != 0 {
                    break;
                }
                work(4);
                (place, before) = (place + 4, four);
            }
            let mut kind = 0;
            while let (0, Some(byte)) = (kind, bytes.get(place)) {
                work(1);
                let entry = PAIRS[usize::from(*byte)];
                kind = before & entry >> 32;
                (place, before) = (place + 1, entry);
            }
            if kind == 0 {
                return None;
            }
            if kind & HINTS != 0 {
                hint = place;
                if kind & !ONLY_HINTS == 0 {
                    continue;
                }
            } else if kind == PAIR {
                let is_hinted = hint > replace(&mut name, place);
                if !is_hinted && bytes.get(place) != Some(&b'/') {
                    continue;
                }
            }
            match self.look(kind & !ONLY_HINTS, place - 1, hint) {
                Ok(found) => return Some(found),
                Err(next) if next > place => {
                    place = next;
                    before = PAIRS[usize::from(self.view.at(next - 1))];
                }
                Err(_) => {}
            }
        }
    }

    /// Looks closer at two bytes, of which the second is here.
    #[inline(never)]
    fn look(&mut self, kind: u64, at: usize, hint: usize) -> Found {
        let view = self.view;
        match kind {
            NUMBER => card::find(view, at),
            PAIR if view.at(at + 1) == b'/' && address::is_of_service(view, at) => {
                let (found, host_end) = address::user(view, at);
                self.host_end = host_end;
                found
            }
            PAIR if at < self.host_end => Err(at),
            PAIR => pair::find(view, at, hint),
            TUPLE => pair::tuple(view, at),
            MAIL => address::mail(view, at..at + 1),
            ENCODED if view.has_word(at - 1, "%3d") => pair::encoded(view, at - 1),
            ENCODED if view.has(at - 1, "%40") => address::mail(view, at - 1..at + 2),
            ENCODED => card::find(view, at + 2),
            WEB_TOKEN => key::web_token(view, at.saturating_sub(2)),
            BEARER => scheme::find(view, at - 1),
            DIGEST => scheme::find(view, at.saturating_sub(2)),
            GITHUB => key::find(view, at.saturating_sub(6)),
            KEY | GIT | SLACK | CLOUD => key::find(view, at - 1),
            DASHES => key::private(view, at - 1),
            _ => Err(at),
        }
    }
}

const NUMBER: u64 = 1;
const PAIR: u64 = 1 << 1;
const TUPLE: u64 = 1 << 2;
const MAIL: u64 = 1 << 3;
const ENCODED: u64 = 1 << 4;
const WEB_TOKEN: u64 = 1 << 5;
const BEARER: u64 = 1 << 6;
const DIGEST: u64 = 1 << 7;
const GIT: u64 = 1 << 8;
const GITHUB: u64 = 1 << 9;
const KEY: u64 = 1 << 10;
const SLACK: u64 = 1 << 11;
const CLOUD: u64 = 1 << 12;
const DASHES: u64 = 1 << 13;
/// What is in names of secrets and in few others; each has its own bit.
const ONLY_HINTS: u64 = 0x1ff << 14;
const HINTS: u64 = ONLY_HINTS | BEARER | DIGEST;

/// For each byte the kinds of finds of which it is the first of two bytes, and, 32 bits higher, those of which it is the second.
static PAIRS: [u64; 256] = pairs();

const fn pairs() -> [u64; 256] {
    const WORD: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-.";
    let mut pairs = [0; 256];
    let kinds = [
        (NUMBER, "", "2345689"), // and what comes before a word
        (PAIR, WORD, "=:"),
        (PAIR, "\"'`] \t", "=:"),
        (TUPLE, "\"'`", ","),
        (MAIL, WORD, "@"),
        (MAIL, "+~'", "@"),
        (ENCODED, "%", "0123456789ABCDEFabcdef"),
        (WEB_TOKEN, "y", "J"),
        (BEARER, "Bb", "EeAa"), // and Basic
        (DIGEST, "Ii", "Gg"),
        (GIT, "g", "hl"),
        (GITHUB, "b", "_"),
        (KEY, "sr", "k"),
        (SLACK, "x", "o"),
        (CLOUD, "A", "KSI"),
        (DASHES, "-", "-"),
        (1 << 14, "Cc", "RrVv"),   // secret, credential, cvv
        (1 << 15, "Ss", "DdRrSs"), // msisdn, csrf, password, session
        (1 << 16, "OoEe", "KkYy"), // token, cookie, key
        (1 << 17, "JjRr", "WwDd"), // jwt, card
        (1 << 18, "Ii", "BbZz"),   // iban, authorization
        (1 << 19, "Aa", "Ii"),     // mail
        (1 << 20, "Tt", "Pp"),     // otp
        (1 << 21, "Pp", "HhWw"),   // phone, pwd
        (1 << 22, "Qq", "Uu"),     // query
    ];
    let mut kind = 0;
    while kind < kinds.len() {
        let (bit, first, second) = kinds[kind];
        mark(&mut pairs, first, bit);
        mark(&mut pairs, second, bit << 32);
        kind += 1;
    }
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] |= match byte as u8 {
            b'%' => 0,
            0x80.. => NUMBER | MAIL,
            other if other.is_ascii_alphanumeric() => 0,
            _ => NUMBER,
        };
        byte += 1;
    }
    pairs
}

const fn mark(pairs: &mut [u64; 256], bytes: &str, bit: u64) {
    let bytes = bytes.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        pairs[bytes[at] as usize] |= bit;
        at += 1;
    }
}

#[cfg(test)]
mod tests;
