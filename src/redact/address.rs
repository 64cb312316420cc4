//! Addresses of people, and who they are in an address of a service.

use std::ops::Range;

use super::view::{Found, View};

/// How far is looked for the end of a password that has a `/` in it.
const FAR: usize = 64;

/// Finds the e-mail address whose `@`, or `%40`, is here.
///
/// What is left of it ends where a letter does; at the right there is a name with a dot, after which comes a letter: not a version.
pub(super) fn mail(view: View<'_>, sign: Range<usize>) -> Found {
    let other = sign.start + 1;
    let mut start = sign.start;
    loop {
        let letter = view.letter_before(start);
        let length = match view.before(start) {
            _ if letter > 0 => letter,
            b'.' | b'_' | b'+' | b'-' | b'~' => 1,
            b'%' if view.has_word(start - 1, "%2b") => 1,
            b'\'' if view.letter_before(start - 1) > 0 => 1,
            _ => break,
        };
        start -= length;
    }
    start = view.behind_code(start);
    let has_letter = (start..sign.start).any(|place| view.letter_at(place) > 0);
    if !has_letter {
        return Err(other);
    }
    domain(view, sign.end).map(|end| start..end).ok_or(other)
}

/// The end of a name such as `mail.example.org`.
fn domain(view: View<'_>, from: usize) -> Option<usize> {
    let (mut place, mut end) = (from, None);
    let (mut label, mut is_first, mut is_name) = (0, true, false);
    let mut last = from;
    loop {
        let letter = view.letter_at(place);
        match view.at(place) {
            byte if letter > 0 => {
                if label == 0 {
                    is_name = !is_first && !byte.is_ascii_digit();
                }
                last = place + letter;
            }
            b'-' if label > 0 => {}
            b'.' if label > 0 => {
                (label, is_first) = (0, false);
                place += 1;
                continue;
            }
            _ => return end.map(|()| last),
        }
        label += 1;
        if is_name && label > 1 {
            end = Some(());
        }
        place += letter.max(1);
    }
}

/// Whether the address of a service has its `://` here.
pub(super) fn is_of_service(view: View<'_>, colon: usize) -> bool {
    view.has(colon, "://") && view.before(colon).is_ascii_alphanumeric()
}

/// Finds the name and password in the address whose `://` is here; and tells where its host and port end.
pub(super) fn user(view: View<'_>, colon: usize) -> (Found, usize) {
    let from = colon + 3;
    let sign = sign(view, from);
    let host = sign.map_or(from, |sign| sign + 1);
    let host_end = view.end(host, |byte| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']' | b'%')
    });
    let found = match sign {
        Some(sign) if sign > from => Ok(from..sign),
        _ => Err(colon + 1),
    };
    (found, host_end)
}

/// Where the `@` between the user and the host is.
fn sign(view: View<'_>, from: usize) -> Option<usize> {
    if view.is_redacted(from) {
        let end = from + super::REDACTED.len();
        return (view.at(end) == b'@').then_some(end);
    }
    let mut found = None;
    let mut has_password = false;
    let mut place = from;
    // The last one before the path. In a password there may be what begins a path elsewhere, if nobody has encoded it.
    loop {
        match view.at(place) {
            0..=b' ' | 0x7f | b'"' | b'<' | b'>' | b'\\' | b'`' => return found,
            b'[' if place == from || view.is_redacted(place) => return found,
            b'/' | b'?' | b'#' => break,
            b'@' => found = Some(place),
            b':' => has_password |= !matches!(view.at(place + 1), b'0'..=b'9' | b'/'),
            _ => {}
        }
        place += 1;
    }
    if found.is_some() || !has_password {
        return found;
    }
    let is_end = |at| {
        matches!(
            view.at(at),
            0..=b' ' | 0x7f | b'"' | b'<' | b'>' | b'\\' | b'`'
        )
    };
    let mut rest = (place..place + FAR).take_while(|at| !is_end(*at) && !view.is_redacted(*at));
    rest.find(|at| view.at(*at) == b'@')
}
