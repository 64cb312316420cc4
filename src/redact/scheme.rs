//! Credentials after the name of how they are checked: `Bearer x`, `Basic x`, `Digest x`.

use std::ops::Range;

use super::REDACTED;
use super::names::is_of_name;
use super::quote::Quote;
use super::value::{self, Separator};
use super::view::{Found, View, is_of_word};

/// Words that come after `bearer` where people write about it.
const PROSE: [&str; 7] = [
    "auth",
    "authentication",
    "authorization",
    "credentials",
    "scheme",
    "token",
    "tokens",
];

/// Finds the credential after one of these words, which begins here.
pub(super) fn find(view: View<'_>, start: usize) -> Found {
    let other = start + 2;
    if start < view.floor || !view.begins_word(start) {
        return Err(other);
    }
    let mut words = ["bearer", "basic", "digest"].into_iter();
    let Some(word) = words.find(|word| view.has_word(start, word)) else {
        return Err(other);
    };
    let end = start + word.len();
    let from = view.after_blanks(end);
    match from > end {
        true => credential(view, from, word).ok_or(other),
        false => Err(other),
    }
}

fn credential(view: View<'_>, from: usize, scheme: &str) -> Option<Range<usize>> {
    if let Some(quote) = Quote::at(view, from) {
        return quote.text(view);
    }
    let known = from + REDACTED.len();
    if view.is_redacted(from) && !is_of_word(view.at(known)) {
        return Some(from..known);
    }
    let name = view.end(from, is_of_name);
    let is_prose = match value::word(view, from) {
        Some(word) => is_prose(word, scheme),
        None => view.at(name) == b'=' && view.has_word(from, "realm="),
    };
    if is_prose {
        return None;
    }
    // `username="x", response="y"` and so on.
    let is_list = scheme == "digest" && name > from && view.at(name) == b'=';
    let end = match is_list {
        true => value::line(view, name),
        false => value::loose(view, from, Separator::Equals),
    };
    (end > from).then_some(from..end)
}

/// Whether this is a word of a sentence and no credential: after `bearer` some words, after the others each that has small letters alone.
fn is_prose(word: &[u8], scheme: &str) -> bool {
    let is = |other: &&str| word.eq_ignore_ascii_case(other.as_bytes());
    match scheme {
        "bearer" => PROSE.iter().any(is),
        _ => word[1..].iter().all(u8::is_ascii_lowercase),
    }
}
