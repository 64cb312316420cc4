//! Fields with their values, as they are written in a line.

use std::time::Duration;

use crate::catalog;
use crate::fields::Text;
use crate::logs::escape::{Style, formatted, shown};

/// What the fields of a line take at most, besides its message.
pub(crate) const MOST: usize = 5632;

/// The longest value.
pub(crate) const LONGEST: usize = 4 << 10;

/// The fields of an event or span, each once.
#[derive(Default)]
pub(crate) struct Pairs {
    text: Vec<u8>,
    all: Vec<Pair>,
    /// Fields that found no room.
    left_out: usize,
}

/// Where one is in the text.
#[derive(Clone, Copy)]
struct Pair {
    kind: Kind,
    start: usize,
    /// Where its name is.
    name: (usize, usize),
    end: usize,
}

/// Whose name it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The schema's.
    Schema,
    Label,
}

impl Pairs {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.all.clear();
        self.left_out = 0;
    }

    /// What they take in a line, with what stands between them.
    fn taken(&self) -> usize {
        self.text.len() + 4 * self.all.len()
    }

    fn bytes(&self, (start, end): (usize, usize)) -> &[u8] {
        &self.text[start..end]
    }

    fn place(&self, kind: Kind, name: &[u8]) -> Option<usize> {
        let is = |pair: &Pair| pair.kind == kind && self.bytes(pair.name) == name;
        self.all.iter().position(is)
    }

    /// Adds a field unless there is one of its name. `write` appends the value, as it is to stand there, in at most so many bytes.
    pub(crate) fn add(
        &mut self,
        style: Style,
        kind: Kind,
        name: &[u8],
        write: impl FnOnce(&mut Vec<u8>, usize),
    ) {
        const LEAST: usize = 32; // less of a value tells nothing
        let taken = self.taken() + name.len();
        let Some(room) = MOST.checked_sub(taken).filter(|room| *room > LEAST) else {
            self.left_out += 1;
            return;
        };
        self.push(style, kind, name, |out| write(out, room.min(LONGEST)));
    }

    fn push(&mut self, style: Style, kind: Kind, name: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
        if self.place(kind, name).is_some() {
            return;
        }
        let start = self.text.len();
        let (before, after): (&[u8], &[u8]) = match style {
            Style::Ecs => (b"\"", b"\":"),
            Style::Text | Style::Coloured => (b"", b"="),
        };
        self.text.extend_from_slice(before);
        let from = self.text.len();
        self.text.extend_from_slice(name);
        let name = (from, self.text.len());
        self.text.extend_from_slice(after);
        write(&mut self.text);
        let end = self.text.len();
        self.all.push(Pair {
            kind,
            start,
            name,
            end,
        });
    }

    /// Adds a field of our own, whose value is a number. There is always room for it.
    pub(crate) fn add_number(&mut self, style: Style, kind: Kind, name: &str, number: u64) {
        let mut buffer = itoa::Buffer::new();
        let number = buffer.format(number).as_bytes();
        self.push(style, kind, name.as_bytes(), |out| match kind {
            Kind::Schema => out.extend_from_slice(number),
            Kind::Label => quoted(out, style == Style::Ecs, |out| {
                out.extend_from_slice(number);
            }),
        });
    }

    /// Adds a field, whose value is a text that somebody wrote.
    pub(crate) fn add_text<'a>(
        &mut self,
        style: Style,
        kind: Kind,
        name: impl AsRef<[u8]>,
        text: impl Into<Text<'a>>,
    ) {
        let text = text.into();
        // Where it could be taken for more than one field.
        let is_ambiguous = style != Style::Ecs && text.as_str().contains([' ', '=', '"']);
        self.add(style, kind, name.as_ref(), |out, room| {
            // Between quotes, quotes are escaped as they are in JSON.
            let of_value = if is_ambiguous { Style::Ecs } else { style };
            quoted(out, of_value == Style::Ecs, |out| {
                formatted(out, text, room, of_value);
            });
        });
    }

    /// Adds a statement, of which the values are gone already.
    pub(crate) fn add_statement(&mut self, style: Style, name: impl AsRef<[u8]>, text: &str) {
        self.add(style, Kind::Label, name.as_ref(), |out, room| {
            quoted(out, true, |out| shown(out, text, room, style));
        });
    }

    /// Adds a field of the schema with a value of our own, which is written already.
    fn add_words(&mut self, name: &str, value: &str) {
        self.push(Style::Ecs, Kind::Schema, name.as_bytes(), |out| {
            out.extend_from_slice(value.as_bytes());
        });
    }

    /// Adds what an event is, in lists of the schema's words.
    pub(crate) fn add_event(&mut self, category: &str, kind: &str) {
        self.add_words(catalog::EVENT_KIND, "\"event\"");
        self.add_words(catalog::EVENT_CATEGORY, category);
        self.add_words(catalog::EVENT_TYPE, kind);
    }

    /// Adds how long something took: in nanoseconds, or as people read it.
    pub(crate) fn add_duration(&mut self, style: Style, nanoseconds: u64) {
        let name = catalog::EVENT_DURATION;
        match style {
            Style::Ecs => self.add_number(style, Kind::Schema, name, nanoseconds),
            Style::Text | Style::Coloured => {
                let text = format!("{:.1?}", Duration::from_nanos(nanoseconds));
                self.add_text(style, Kind::Schema, name, text.as_str());
            }
        }
    }

    /// Adds those of another one that are not here.
    pub(crate) fn add_all(&mut self, other: &Self) {
        self.left_out += other.left_out;
        for pair in &other.all {
            if self.place(pair.kind, other.bytes(pair.name)).is_some() {
                continue;
            }
            if self.taken() + pair.end - pair.start > MOST {
                self.left_out += 1;
                continue;
            }
            let start = self.text.len();
            let moved = |at: usize| at - pair.start + start;
            self.all.push(Pair {
                kind: pair.kind,
                start,
                name: (moved(pair.name.0), moved(pair.name.1)),
                end: moved(pair.end),
            });
            let bytes = other.bytes((pair.start, pair.end));
            self.text.extend_from_slice(bytes);
        }
    }

    /// How many found no room.
    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }

    /// Those of one kind, in order.
    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &[u8]> {
        let is = move |pair: &&Pair| pair.kind == kind;
        let those = self.all.iter().filter(is);
        those.map(|pair| self.bytes((pair.start, pair.end)))
    }
}

/// Writes something between quotes, where there are any.
fn quoted(out: &mut Vec<u8>, is_quoted: bool, write: impl FnOnce(&mut Vec<u8>)) {
    if is_quoted {
        out.push(b'"');
    }
    write(out);
    if is_quoted {
        out.push(b'"');
    }
}
