//! Names and their values: `name=value`, `name: value`, `"name":"value"`, `("name", "value")`.

use std::ops::Range;

use super::names::{self, Secret, is_of_name};
use super::quote;
use super::value::{self, Separator};
use super::view::{Found, View, is_blank, is_escaped_space};

/// Finds the value of the name before the `=` or `:` that is here, if the last hint at a secret is in that name.
pub(super) fn find(view: View<'_>, at: usize, hint: usize) -> Found {
    let other = at + 1;
    let (separator, from) = match (view.at(at), view.at(other)) {
        (b'=', b'=') | (b':', b':') => return Err(other),
        (b'=', b'>') | (b':', b'=') => (Separator::Colon, at + 2),
        (b':', _) => (Separator::Colon, other),
        _ => (Separator::Equals, other),
    };
    let name = Name::before(view, at);
    let name = name.filter(|name| name.first < hint);
    let from = view.after_blanks(from);
    name.and_then(|name| name.value(view, from, separator))
        .ok_or(other)
}

/// Finds the value of the name before the `%3D` that is here.
pub(super) fn encoded(view: View<'_>, at: usize) -> Found {
    let name = Name::before(view, at);
    name.and_then(|name| name.value(view, at + 3, Separator::Encoded))
        .ok_or(at + 1)
}

/// Finds the value of the name in quotes before the comma that is here, if both are in parentheses.
pub(super) fn tuple(view: View<'_>, comma: usize) -> Found {
    let other = comma + 1;
    let Some(name) = Name::before(view, comma) else {
        return Err(other);
    };
    let open = view.before_space(name.start.max(1) - 1);
    if !quote::is_mark(view.before(name.start)) || view.before(open) != b'(' {
        return Err(other);
    }
    let from = view.after_space(other);
    name.value(view, from, Separator::Comma).ok_or(other)
}

struct Name {
    /// Where the word before begins, if it takes that to say what it is a name of; else as `start`.
    first: usize,
    start: usize,
    end: usize,
    is_quoted: bool,
}

impl Name {
    /// The name that ends here: in quotes, in brackets as `user[password]`, or as it is.
    fn before(view: View<'_>, end: usize) -> Option<Self> {
        let (mut end, mut is_quoted) = (end, false);
        if !is_of_name(view.before(end)) {
            end = view.start(end, is_blank);
            end -= usize::from(view.before(end) == b']');
            is_quoted = quote::is_mark(view.before(end));
        }
        if is_quoted {
            end = view.start(end - 1, |byte| byte == b'\\');
        }
        if matches!(view.before(end), b'D' | b'd') {
            end = view.before_code(end, "%5d");
        }
        let mut start = view.start(end, is_of_name);
        // What is behind the escaped end of a line, unless it is a path: `\\token`.
        let is_escaped = view.before(start) == b'\\' && is_escaped_space(view.at(start));
        let is_path = || kind(view, start..end).is_some();
        start += usize::from(is_escaped && !is_path());
        let mut first = start;
        if view.before(start) == b' ' && is_general(view.slice(start..end)) {
            first = view.start(start - 1, is_of_name);
        }
        (start < end).then_some(Self {
            first,
            start,
            end,
            is_quoted,
        })
    }

    /// What begins there, if it is the value of a secret.
    fn value(&self, view: View<'_>, from: usize, separator: Separator) -> Option<Range<usize>> {
        let secret = kind(view, self.start..self.end);
        let secret = secret.or_else(|| kind(view, self.first..self.end))?;
        let may_be_prose =
            secret == Secret::Personal && separator == Separator::Colon && !self.is_quoted;
        value::find(view, from, separator, (secret, may_be_prose))
    }
}

fn kind(view: View<'_>, name: Range<usize>) -> Option<Secret> {
    view.text().get(name).and_then(names::kind)
}

/// Whether this is the last word of names that say what they are of in the word before: `API key: x`.
fn is_general(word: &[u8]) -> bool {
    let is = |other: &str| word.eq_ignore_ascii_case(other.as_bytes());
    match word.len() {
        2 => is("id"),
        3 => is("key"),
        4 => is("code"),
        6 => is("number") || is("phrase"),
        7 => is("address"),
        _ => false,
    }
}
