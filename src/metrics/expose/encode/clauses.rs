//! A header that lists alternatives, `Accept` or `Accept-Encoding`: its clauses, their parameters and weights.
//!
//! Reads any bytes: what it cannot read equals nothing, and weighs nothing.
//!
//! Source: RFC 9110, sections 5.6 and 12.4.2.

use std::iter::from_fn;

/// How much of a header is read, over all its lines. A scraper sends less than one KiB.
const LIMIT: usize = 32 * 1024;

/// The clauses of all lines, as if they were one line.
///
/// What is beyond [`LIMIT`] is not read, nor is the clause that reaches there: a part of it could mean something else.
pub(crate) fn clauses<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
) -> impl Iterator<Item = Clause<'a>> {
    let mut start = 0_usize;
    let lines = lines.map_while(move |line| {
        let room = LIMIT.checked_sub(start)?;
        start = start.saturating_add(line.len()).saturating_add(1); // the comma between two lines
        Some(match line.get(..=room) {
            Some(beginning) => Split::cut(beginning, b','),
            None => Split::whole(line, b','),
        })
    });
    lines.flatten().filter_map(Clause::read)
}

/// One alternative.
#[derive(Clone, Copy)]
pub(crate) struct Clause<'a> {
    /// Not empty.
    name: &'a [u8],
    parameters: Split<'a>,
}

impl<'a> Clause<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        let mut parameters = Split::whole(text, b';');
        let name = parameters.next()?.trim_ascii();
        (!name.is_empty()).then_some(Self { name, parameters })
    }

    /// Whether it is about this media type or coding, in lower or upper case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The parameter of this name in lower or upper case, if it is there; of several the first.
    pub(crate) fn parameter(&self, name: &str) -> Option<Value<'a>> {
        let mut parameters = self.parameters.map(|parameter| {
            let equals = parameter.iter().position(|byte| *byte == b'=');
            match equals {
                Some(at) => (&parameter[..at], &parameter[at + 1..]),
                None => (parameter, &[][..]),
            }
        });
        let (_, value) = parameters
            .find(|(found, _)| found.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))?;
        Some(Value::read(value.trim_ascii()))
    }

    pub(crate) fn weight(&self) -> Weight {
        self.parameter("q").map_or(Weight::FULL, Weight::read)
    }
}

/// What a parameter is set to.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    text: &'a [u8],
    quoted: bool,
}

impl<'a> Value<'a> {
    fn read(text: &'a [u8]) -> Self {
        let inside = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\""));
        Self {
            text: inside.unwrap_or(text),
            quoted: inside.is_some(),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn is(self, text: &str) -> bool {
        self.bytes().eq(text.bytes())
    }

    /// Without quotes, and without the backslashes within them.
    fn bytes(self) -> impl Iterator<Item = u8> {
        let mut bytes = self.text.iter().copied();
        from_fn(move || match bytes.next()? {
            b'\\' if self.quoted => Some(bytes.next().unwrap_or(b'\\')),
            byte => Some(byte),
        })
    }
}

/// How much an alternative is wanted: thousandths from 0, which is not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Weight(u16);

impl Weight {
    pub(crate) const NONE: Self = Self(0);
    const FULL: Self = Self(1000);

    /// From 0 to 1 with up to three decimals. Anything else weighs nothing: a mistake must not make a clause win.
    fn read(value: Value<'_>) -> Self {
        Self::parse(value.bytes()).unwrap_or(Self::NONE)
    }

    fn parse(mut text: impl Iterator<Item = u8>) -> Option<Self> {
        let mut thousandths = match text.next()? {
            b'0' => 0,
            b'1' => 1000,
            _ => return None,
        };
        if text.next().unwrap_or(b'.') != b'.' {
            return None;
        }
        let mut places = [100, 10, 1].into_iter();
        for digit in text {
            let place = places.next().filter(|_| digit.is_ascii_digit())?;
            thousandths += u16::from(digit - b'0') * place;
        }
        (thousandths <= 1000).then_some(Self(thousandths))
    }
}

/// The parts of a text between separators; one within quotes is none.
#[derive(Clone, Copy)]
struct Split<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
    /// Whether the text goes on: its last part is left out.
    cut: bool,
}

impl<'a> Split<'a> {
    const fn whole(text: &'a [u8], separator: u8) -> Self {
        Self {
            rest: Some(text),
            separator,
            cut: false,
        }
    }

    const fn cut(text: &'a [u8], separator: u8) -> Self {
        Self {
            cut: true,
            ..Self::whole(text, separator)
        }
    }
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        let (mut quoted, mut escaped) = (false, false);
        let end = rest.iter().position(|byte| {
            let plain = !std::mem::take(&mut escaped);
            match byte {
                b'\\' if quoted && plain => escaped = true,
                b'"' if plain => quoted = !quoted,
                _ => {}
            }
            *byte == self.separator && !quoted
        });
        match end {
            Some(at) => {
                self.rest = Some(&rest[at + 1..]);
                Some(&rest[..at])
            }
            None => (!self.cut).then_some(rest),
        }
    }
}

#[cfg(test)]
mod tests;
