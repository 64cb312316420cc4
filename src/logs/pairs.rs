//! Fields with their values, as they are written in a line.

use std::time::Duration;

use crate::catalog;
use crate::fields::Text;
use crate::logs::escape::{Style, formatted, shown};
use crate::protobuf::{LENGTH, length_of, message, text, unsigned, varint};

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
        let name = pair(&mut self.text, style, name, write);
        let end = self.text.len();
        self.all.push(Pair {
            kind,
            start,
            name,
            end,
        });
    }

    /// Adds a field of our own, whose value is a number. There is always room for it.
    pub(crate) fn add_number(&mut self, style: Style, kind: Kind, name: &str, value: u64) {
        self.push(style, kind, name.as_bytes(), |out| match kind {
            Kind::Schema => number(out, style, value),
            Kind::Label => string(out, style, |out| {
                out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
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
        let is_ambiguous = style.is_for_people() && text.as_str().contains([' ', '=', '"']);
        self.add(style, kind, name.as_ref(), |out, room| {
            // Between quotes, quotes are escaped as they are in JSON.
            let of_value = if is_ambiguous { Style::Ecs } else { style };
            string(out, of_value, |out| formatted(out, text, room, of_value));
        });
    }

    /// Adds a statement, of which the values are gone already.
    pub(crate) fn add_statement(&mut self, style: Style, name: impl AsRef<[u8]>, text: &str) {
        self.add(style, Kind::Label, name.as_ref(), |out, room| {
            let of_value = if style.is_for_people() {
                Style::Ecs
            } else {
                style
            };
            string(out, of_value, |out| shown(out, text, room, style));
        });
    }

    /// Adds what an event is: `event.kind`, and one word each in the lists `event.category` and `event.type`.
    pub(crate) fn add_event(&mut self, style: Style, category: &str, kind: &str) {
        self.push(style, Kind::Schema, catalog::EVENT_KIND.as_bytes(), |out| {
            string(out, style, |out| out.extend_from_slice(b"event"));
        });
        for (name, word) in [
            (catalog::EVENT_CATEGORY, category),
            (catalog::EVENT_TYPE, kind),
        ] {
            self.push(style, Kind::Schema, name.as_bytes(), |out| match style {
                Style::Otlp => message(out, ARRAY, |out| {
                    message(out, 1, |out| text(out, STRING, word));
                }),
                _ => {
                    out.push(b'[');
                    string(out, style, |out| out.extend_from_slice(word.as_bytes()));
                    out.push(b']');
                }
            });
        }
    }

    /// Adds how long something took: in nanoseconds, or as people read it.
    pub(crate) fn add_duration(&mut self, style: Style, nanoseconds: u64) {
        let name = catalog::EVENT_DURATION;
        match style {
            Style::Ecs | Style::Otlp => self.add_number(style, Kind::Schema, name, nanoseconds),
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

    /// Those of both kinds, each name once: a label may have the name of a field.
    pub(crate) fn by_name(&self) -> impl Iterator<Item = &[u8]> {
        let is_first = |pair: &&Pair| {
            let name = self.bytes(pair.name);
            let is_taken = OF_LINE.contains(&name) || self.place(Kind::Schema, name).is_some();
            pair.kind == Kind::Schema || !is_taken
        };
        let labels = self.all.iter().filter(|pair| pair.kind == Kind::Label);
        let fields = self.all.iter().filter(|pair| pair.kind == Kind::Schema);
        let all = fields.chain(labels).filter(is_first);
        all.map(|pair| self.bytes((pair.start, pair.end)))
    }
}

/// Names without a dot that a line has by itself.
const OF_LINE: [&[u8]; 3] = [b"@timestamp", b"message", b"labels"];

// Fields of OTLP's `LogRecord`, `KeyValue` and `AnyValue`.
const ATTRIBUTES: u64 = 6;
const KEY: u64 = 1;
const VALUE: u64 = 2;
const STRING: u64 = 1;
const INT: u64 = 3;
const ARRAY: u64 = 5;

/// Writes a field with its value; returns where its name is.
pub(crate) fn pair(
    out: &mut Vec<u8>,
    style: Style,
    name: &[u8],
    write: impl FnOnce(&mut Vec<u8>),
) -> (usize, usize) {
    let named = |out: &mut Vec<u8>| {
        let from = out.len();
        out.extend_from_slice(name);
        (from, out.len())
    };
    match style {
        Style::Ecs => {
            out.push(b'"');
            let name = named(out);
            out.extend_from_slice(b"\":");
            write(out);
            name
        }
        Style::Text | Style::Coloured => {
            let name = named(out);
            out.push(b'=');
            write(out);
            name
        }
        Style::Otlp => {
            let start = out.len();
            message(out, ATTRIBUTES, |out| {
                varint(out, KEY << 3 | LENGTH);
                varint(out, name.len() as u64);
                out.extend_from_slice(name);
                message(out, VALUE, write);
            });
            // The length of all of it is known last, and has one byte or more.
            let all = out[start + 1..].iter().take_while(|byte| **byte >= 0x80);
            let from = start + 1 + all.count() + 1 + 1 + length_of(name.len() as u64);
            (from, from + name.len())
        }
    }
}

/// Writes a number as the value of a field.
pub(crate) fn number(out: &mut Vec<u8>, style: Style, value: u64) {
    match style {
        Style::Otlp => unsigned(out, INT, value),
        _ => out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
    }
}

/// Writes a text as the value of a field.
pub(crate) fn string(out: &mut Vec<u8>, style: Style, write: impl FnOnce(&mut Vec<u8>)) {
    match style {
        Style::Ecs => {
            out.push(b'"');
            write(out);
            out.push(b'"');
        }
        Style::Otlp => message(out, STRING, write),
        Style::Text | Style::Coloured => write(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field is found again by its name, however long that is and whatever its value takes: it is there once.
    #[test]
    fn a_name_is_there_once() {
        for style in [Style::Ecs, Style::Otlp, Style::Text] {
            for (name, value) in [
                (1, 1),
                (1, 200),
                (127, 1),
                (128, 1),
                (200, 120),
                (256, 4096),
            ] {
                let (name, value) = ("n".repeat(name), "v".repeat(value));
                let mut pairs = Pairs::default();
                pairs.add_text(style, Kind::Label, &name, value.as_str());
                pairs.add_text(style, Kind::Label, &name, "again");
                assert_eq!(pairs.of(Kind::Label).count(), 1, "{style:?} {}", name.len());
                let mut more = Pairs::default();
                more.add_all(&pairs);
                more.add_text(style, Kind::Label, &name, "again");
                assert_eq!(more.of(Kind::Label).count(), 1, "{style:?} {}", name.len());
                assert_eq!(more.by_name().count(), 1);
            }
        }
    }
}
