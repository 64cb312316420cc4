//! Keys and tokens that are known by their shape.

use super::view::{Found, View};

/// How keys of some services begin, and how many bytes come after that at least.
const KEYS: [(&str, usize); 20] = [
    ("ghp_", 16),
    ("gho_", 16),
    ("ghu_", 16),
    ("ghs_", 16),
    ("ghr_", 16),
    ("github_pat_", 16),
    ("glpat-", 16),
    ("sk_live_", 10),
    ("sk_test_", 10),
    ("rk_live_", 10),
    ("rk_test_", 10),
    ("xoxa-", 8),
    ("xoxb-", 8),
    ("xoxe-", 8),
    ("xoxp-", 8),
    ("xoxr-", 8),
    ("xoxs-", 8),
    ("AIza", 30),
    ("AKIA", 16),
    ("ASIA", 16),
];

/// Finds the key that begins here.
pub(super) fn find(view: View<'_>, start: usize) -> Found {
    let other = start + 2;
    if start < view.floor || !view.begins_word(start) {
        return Err(other);
    }
    let known = KEYS.iter().find(|(begin, _)| view.has(start, begin));
    let Some((begin, least)) = known else {
        return Err(other);
    };
    let from = start + begin.len();
    let end = match view.at(start + 1) {
        // An identifier of so many capitals and digits, and nothing else.
        b'K' | b'S' => view.end(from, |byte| {
            byte.is_ascii_uppercase() || byte.is_ascii_digit()
        }),
        _ => view.end(from, is_of_token),
    };
    match end - from >= *least && !view.at(end).is_ascii_alphanumeric() {
        true => Ok(start..end),
        false => Err(other),
    }
}

/// Finds the JSON Web Token whose second part begins here with `eyJ`, with all that hangs on it.
pub(super) fn web_token(view: View<'_>, start: usize) -> Found {
    let other = start + 3;
    if start <= view.floor || view.at(start) != b'e' || view.before(start) != b'.' {
        return Err(other);
    }
    let first = view.start(start - 1, is_of_token);
    let head = view.slice(first..start - 1);
    if !head.windows(3).any(|part| part == b"eyJ") {
        return Err(other);
    }
    let is_part = |byte| is_of_token(byte) || byte == b'.';
    let begin = view.behind_code(view.start(first, is_part));
    Ok(begin..view.end(start, is_part))
}

/// Finds the private key whose `-----BEGIN` has its first dashes here.
pub(super) fn private(view: View<'_>, start: usize) -> Found {
    let dashes = view.end(start, |byte| byte == b'-');
    if dashes - start < 5 {
        return Err(dashes);
    }
    match private_end(view, dashes - 5) {
        Some(end) => Ok(start..end),
        None => Err(dashes),
    }
}

/// Where the private key ends that begins here; what has no end goes on to that of the text.
pub(super) fn private_end(view: View<'_>, start: usize) -> Option<usize> {
    let mut place = marker(view, start, "-----BEGIN ")?;
    loop {
        place = view.end(place, |byte| byte != b'-');
        if place == view.len() {
            return Some(place);
        }
        match marker(view, place, "-----END ") {
            Some(end) => return Some(end),
            None => place += 1,
        }
    }
}

/// Where the line ends that begins with this here and goes on with `PRIVATE KEY-----`, or with another sort of private key.
fn marker(view: View<'_>, start: usize, begin: &str) -> Option<usize> {
    let is_title = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b' ' | b'0'..=b'9');
    let title = start + begin.len();
    if !view.has(start, begin) {
        return None;
    }
    let rest = view.slice(title..(title + 64).min(view.len()));
    let length = rest.iter().position(|byte| !is_title(byte))?;
    let words = &rest[..length];
    let is_private = words.windows(11).any(|part| part == b"PRIVATE KEY") && !words.ends_with(b" ");
    let end = title + length;
    (is_private && view.has(end, "-----")).then_some(end + 5)
}

/// Whether a byte is of base64 as it is written in addresses.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
