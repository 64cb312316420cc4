//! How far the value of a name goes.

use std::ops::Range;

use super::names::{self, Secret, is_of_name};
use super::quote::{self, Quote};
use super::view::{View, is_of_word};
use super::{REDACTED, card, key};

/// What stands between a name and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// `=`: a value also ends where the next pair of a query begins.
    Equals,
    /// `%3D`: the same in a query that is itself a value of one.
    Encoded,
    /// `:`, `=>` or `:=`.
    Colon,
    /// The comma of `("name", "value")`: the value is in quotes.
    Comma,
}

/// What holds nothing, and may be told.
const NOTHING: [&[u8]; 5] = [b"None", b"null", b"nil", b"true", b"false"];

/// What comes before credentials.
const SCHEMES: [&str; 5] = ["bearer", "basic", "digest", "negotiate", "token"];

/// The value that begins here; without its quotes, if it has some. Prose after a name, such as `email: not sent`, is none.
pub(super) fn find(
    view: View<'_>,
    from: usize,
    separator: Separator,
    (secret, may_be_prose): (Secret, bool),
) -> Option<Range<usize>> {
    let start = unwrapped(view, from);
    if let Some(quote) = Quote::at(view, start) {
        return quote.text(view);
    }
    if may_be_prose && word(view, start).is_some() {
        return None;
    }
    let known = start + REDACTED.len();
    let end = match separator {
        Separator::Comma => return None,
        Separator::Colon if secret == Secret::Line => line(view, start),
        _ if view.is_redacted(start) && !is_of_word(view.at(known)) => known,
        _ => loose(view, start, separator),
    };
    let value = view.slice(start..end);
    (!value.is_empty() && !NOTHING.contains(&value)).then_some(start..end)
}

/// The word that is here, if it is one of a sentence: of letters, with nothing but punctuation before what comes next.
pub(super) fn word(view: View<'_>, from: usize) -> Option<&[u8]> {
    let end = view.end(from, |byte| byte.is_ascii_alphabetic());
    let next = view.end(end, |byte| b".,:;!?)".contains(&byte));
    let is_word =
        view.at(next) <= b' ' || matches!(view.at(next), b'"' | b'&') || view.is_redacted(next);
    (is_word && end > from).then(|| view.slice(from..end))
}

/// Where the value is in `Some("x")`, `Secret(["x"])` and `b"x"`.
fn unwrapped(view: View<'_>, from: usize) -> usize {
    let (mut place, mut inside, mut is_usual) = (from, from, true);
    loop {
        let end = view.end(place, |byte| byte.is_ascii_alphabetic());
        let is_type =
            view.at(place).is_ascii_uppercase() && view.at(place + 1).is_ascii_lowercase();
        if !is_type || view.at(end) != b'(' {
            break;
        }
        is_usual &= matches!(view.slice(place..end), b"Some" | b"Ok" | b"Err");
        place = view.after_space(end + 1);
        if is_usual || matches!(view.at(place), b'"' | b'\\' | b'[' | b'{') {
            inside = place;
        }
    }
    let is_prefixed = matches!(view.at(inside), b'b' | b'c' | b'r') && view.at(inside + 1) == b'"';
    inside + usize::from(is_prefixed)
}

/// The end of a value that has no quotes, with all that belongs to it.
pub(super) fn loose(view: View<'_>, from: usize, separator: Separator) -> usize {
    let mut start = from;
    loop {
        let mut end = start;
        if let Some(quote) = Quote::at(view, end) {
            end = quote.end(view, false).outside;
        } else if matches!(view.at(end), b'[' | b'{' | b'(') {
            end = closed(view, end);
        } else if let Some(card) = card::end(view, end) {
            end = card;
        }
        end = run(view, end, separator);
        match rest(view, start..end) {
            Rest::Goes(on) => start = on,
            Rest::Ends(end) => return end,
        }
    }
}

/// What comes after a part of a value.
enum Rest {
    /// Another part, which begins there.
    Goes(usize),
    /// Something else: the value ends there.
    Ends(usize),
}

fn rest(view: View<'_>, part: Range<usize>) -> Rest {
    let (start, end) = (part.start, part.end);
    let text = view.slice(part);
    let Some(last) = text.last() else {
        return Rest::Ends(end);
    };
    let is_pair = matches!(last, b'=' | b':');
    // What looks like a value is the next pair: `token= user="anna"`.
    if is_pair && Quote::at(view, end).is_some() {
        return Rest::Goes(end);
    }
    let next = view.after_blanks(end);
    if next == end {
        return Rest::Ends(end);
    }
    // What looks like a value is the name of one: `token: password: x`, `token: password = x`.
    let separator = match is_pair {
        true => end - 1,
        false => next,
    };
    if is_pair || matches!(view.at(next), b'=' | b':') {
        let name = view.start(separator.min(end), is_of_name).max(start);
        let name = view.text().get(name..separator.min(end));
        let next = view.after_blanks(separator + 1);
        return match name.and_then(names::kind) {
            Some(Secret::Line) => Rest::Ends(line(view, next)),
            Some(_) => Rest::Goes(unwrapped(view, next)),
            None => Rest::Ends(end),
        };
    }
    let letters = text
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphabetic());
    let scheme = &text[text.len() - letters.count()..];
    let is = |other: &&str| scheme.eq_ignore_ascii_case(other.as_bytes());
    match SCHEMES.iter().find(|other| is(other)) {
        Some(&"digest") => return Rest::Ends(line(view, next)),
        Some(_) => return Rest::Goes(next),
        None => {}
    }
    // `Token { secret: "x" }`, and groups of digits: `+49 30 1234567`.
    let is_type = text[0].is_ascii_uppercase() && matches!(view.at(next), b'{' | b'[');
    let is_group = next == end + 1 && is_group(text) && {
        let end = view.end(next, |byte| is_group(&[b'0', byte]));
        is_group(view.slice(next..end)) && !is_of_word(view.at(end))
    };
    match is_type || is_group {
        true => Rest::Goes(next),
        false => Rest::Ends(end),
    }
}

/// Whether a text is of digits, and of what else is in numbers of telephones and accounts.
fn is_group(text: &[u8]) -> bool {
    let is_of_group = |byte: &u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' => true,
        _ => matches!(byte, b'+' | b'-' | b'/' | b'.' | b'(' | b')'),
    };
    text.iter().all(is_of_group) && text.iter().any(u8::is_ascii_digit)
}

/// Where what these brackets enclose ends.
fn closed(view: View<'_>, open: usize) -> usize {
    let (mut place, mut depth) = (open, 0_usize);
    while place < view.len() {
        let step = match view.at(place) {
            b'[' | b'{' | b'(' => {
                depth += 1;
                1
            }
            b']' | b'}' | b')' if depth == 1 => return place + 1,
            b']' | b'}' | b')' => {
                depth -= 1;
                1
            }
            b'"' | b'\\' => match Quote::at(view, place) {
                Some(quote) => quote.end(view, true).outside - place,
                None => view.end(place, |byte| byte == b'\\') - place,
            },
            _ => 1,
        };
        place += step;
    }
    view.len()
}

/// The end of the line; of a private key that begins on it, the end of that.
pub(super) fn line(view: View<'_>, from: usize) -> usize {
    let mut place = from;
    loop {
        place = view.end(place, |byte| !matches!(byte, b'\n' | b'\r' | b'-'));
        match view.at(place) {
            b'-' => place = key::private_end(view, place).unwrap_or(place + 1),
            _ => return place,
        }
    }
}

/// The end of what is written without a space; a private key that is written with some is part of it.
pub(super) fn run(view: View<'_>, from: usize, separator: Separator) -> usize {
    let is_query = matches!(separator, Separator::Equals | Separator::Encoded);
    let mut place = from;
    loop {
        let is_end = match view.at(place) {
            0..=b' ' | 0x7f | b'"' => true,
            b'&' | b';' if is_query => true,
            b'%' => separator == Separator::Encoded && view.has(place, "%26"),
            b',' => is_left_by_comma(view, place + 1),
            b';' | b'\'' | b'`' | b'>' | b')' | b'}' | b']' | b'|' => is_left(view, place + 1),
            b'\\' => {
                let end = view.end(place, |byte| byte == b'\\');
                let mark = view.at(end);
                if mark == b'"' || (quote::is_mark(mark) && is_left(view, end + 1)) {
                    return place;
                }
                place = end;
                continue;
            }
            b'-' => match key::private_end(view, place) {
                Some(end) => {
                    place = end;
                    continue;
                }
                None => false,
            },
            _ => false,
        };
        if is_end {
            return place;
        }
        place += 1;
    }
}

/// Whether what is before belongs to something that ends here, since no more of a value comes.
fn is_left(view: View<'_>, next: usize) -> bool {
    let byte = view.at(next);
    byte <= b' ' || b",;.:!?)}]>\"'`\\&|\x7f".contains(&byte) || view.is_redacted(next)
}

/// Whether a space, a quote or another name comes after a comma.
fn is_left_by_comma(view: View<'_>, next: usize) -> bool {
    let byte = view.at(next);
    if byte.is_ascii_alphabetic() || byte == b'_' {
        let end = view.end(next, is_of_name);
        return matches!(view.at(end), b'=' | b':') || view.is_redacted(end);
    }
    byte <= b' ' || b"\"'`\\\x7f".contains(&byte) || view.is_redacted(next)
}
