//! Texts in quotes, which may themselves be in quotes.

use std::ops::Range;

use super::view::View;

/// A quote that opens, with the backslashes before it: as many as there are round a text that was quoted several times.
#[derive(Clone, Copy)]
pub(super) struct Quote {
    mark: u8,
    escapes: usize,
    /// Where the text begins.
    pub(super) inside: usize,
}

/// Where a text in quotes ends, and where the quotes do.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) inside: usize,
    pub(super) outside: usize,
}

pub(super) fn is_mark(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

impl Quote {
    /// The quote that opens here, if there is one.
    pub(super) fn at(view: View<'_>, place: usize) -> Option<Self> {
        let end = view.end(place, |byte| byte == b'\\');
        is_mark(view.at(end)).then(|| Self {
            mark: view.at(end),
            escapes: end - place,
            inside: end + 1,
        })
    }

    /// The text that it begins, if there is any.
    pub(super) fn text(self, view: View<'_>) -> Option<Range<usize>> {
        let text = self.inside..self.end(view, false).inside;
        (!text.is_empty()).then_some(text)
    }

    /// Where it is closed; the end of the text if it is not, since that may have been cut. What is no name is not closed where a name is.
    pub(super) fn end(self, view: View<'_>, may_be_name: bool) -> End {
        let (mut place, mut escapes) = (self.inside, 0);
        while place < view.len() {
            match view.at(place) {
                b'\\' => escapes += 1,
                byte if byte == self.mark && self.is_closed(view, place, escapes, may_be_name) => {
                    return End {
                        inside: place - escapes.min(self.escapes),
                        outside: place + 1,
                    };
                }
                _ => escapes = 0,
            }
            place += 1;
        }
        End {
            inside: view.len(),
            outside: view.len(),
        }
    }

    /// Whether a mark with so many backslashes before it closes this one, or one round it.
    fn is_closed(self, view: View<'_>, place: usize, escapes: usize, may_be_name: bool) -> bool {
        // Where a word or a value comes after the mark, another quote opens there, or a name ends: then the one that closes has been left out.
        let word = view.end(place + 1, |byte| b"._+-~".contains(&byte));
        let after = view.end(place + 1, |byte| byte == b' ');
        let opens = view.letter_at(word) > 0 || view.is_redacted(word);
        let is_of_name = !may_be_name && matches!(view.at(after), b':' | b'=');
        // Each level of quotes doubles the backslashes that were there.
        let is_level = escapes % (2 * self.escapes + 2) == self.escapes;
        (is_level || escapes < self.escapes) && !opens && !is_of_name
    }
}
