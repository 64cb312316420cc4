//! Formatted values with the names of their fields.

#[cfg(feature = "traces")]
use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use crate::redact;

/// The fields of one event or span, in the order in which `tracing` hands them out.
#[derive(Default)]
pub(crate) struct Fields {
    /// All texts, one after the other.
    pub(super) text: String,
    entries: Vec<Entry>,
}

struct Entry {
    name: EntryName,
    value: EntryValue,
}

#[derive(Clone)]
enum EntryName {
    Field(usize, &'static str),
    /// A key of the crate `log`: where it is in the text.
    #[cfg_attr(not(feature = "logs"), allow(dead_code))]
    Key(Range<usize>),
}

pub(super) enum EntryValue {
    Text(Range<usize>, Cell<Option<bool>>),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    Bool(bool),
}

/// What a value belongs to.
#[derive(Clone, Copy)]
pub(crate) enum Name<'a> {
    /// A field of a callsite: its index there and its name.
    Field(usize, &'static str),
    /// A key of the crate `log`.
    Key(&'a str),
}

impl<'a> Name<'a> {
    /// The name as a text that outlives the event.
    #[cfg(feature = "traces")]
    pub(crate) fn key(self) -> Cow<'static, str> {
        match self {
            Self::Field(_, name) => Cow::Borrowed(name),
            Self::Key(name) => Cow::Owned(name.to_owned()),
        }
    }

    pub(crate) fn as_str(self) -> &'a str {
        match self {
            Self::Field(_, name) => name,
            Self::Key(name) => name,
        }
    }
}

/// The value of a field.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Text(Text<'a>),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    Bool(bool),
}

/// A text as it was written, with whatever secret is in it.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    text: &'a str,
    is_plain: IsPlain<'a>,
}

/// Whether redaction leaves a text as it is.
#[derive(Clone, Copy)]
enum IsPlain<'a> {
    #[cfg_attr(not(feature = "logs"), allow(dead_code))]
    Yes,
    Unknown,
    /// It is found out once, for all readers.
    Kept(&'a Cell<Option<bool>>),
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self {
            text,
            is_plain: IsPlain::Unknown,
        }
    }
}

impl<'a> Text<'a> {
    /// A number or a word as it is written. Short ones cannot be secrets: the numbers of payment cards have 13 digits or more.
    #[cfg(feature = "logs")]
    pub(crate) fn number(text: &'a str) -> Self {
        Self {
            text,
            is_plain: match text.len() < 12 {
                true => IsPlain::Yes,
                false => IsPlain::Unknown,
            },
        }
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.text
    }

    /// Whether redaction would leave it as it is. Found out once, for all readers.
    pub(crate) fn is_plain(self) -> bool {
        let find_out = || {
            let first = redact::pieces(self.text).next();
            first.unwrap_or_default().len() == self.text.len()
        };
        match self.is_plain {
            IsPlain::Yes => true,
            IsPlain::Unknown => find_out(),
            IsPlain::Kept(kept) => {
                let is_plain = kept.get().unwrap_or_else(find_out);
                kept.set(Some(is_plain));
                is_plain
            }
        }
    }
}

impl Fields {
    /// Texts that took more than this are not kept for the next event.
    const MOST_KEPT: usize = 64 << 10;

    pub(super) fn clear(&mut self) {
        if self.text.capacity() > Self::MOST_KEPT {
            self.text = String::new();
        }
        self.text.clear();
        self.entries.clear();
    }

    pub(super) fn push(&mut self, index: usize, name: &'static str, value: EntryValue) {
        self.entries.push(Entry {
            name: EntryName::Field(index, name),
            value,
        });
    }

    #[cfg(feature = "logs")]
    pub(super) fn push_key(&mut self, key: Range<usize>, value: EntryValue) {
        self.entries.push(Entry {
            name: EntryName::Key(key),
            value,
        });
    }

    /// Adds the keys and values of a log record.
    #[cfg(feature = "logs")]
    pub(super) fn append(&mut self, other: &Self) {
        let start = self.text.len();
        let moved = |range: &Range<usize>| range.start + start..range.end + start;
        self.text.push_str(&other.text);
        for entry in &other.entries {
            self.entries.push(Entry {
                name: match &entry.name {
                    EntryName::Key(range) => EntryName::Key(moved(range)),
                    name => name.clone(),
                },
                value: match &entry.value {
                    EntryValue::Text(range, _) => EntryValue::text(moved(range)),
                    EntryValue::Int(value) => EntryValue::Int(*value),
                    EntryValue::Unsigned(value) => EntryValue::Unsigned(*value),
                    EntryValue::Float(value) => EntryValue::Float(*value),
                    EntryValue::Bool(value) => EntryValue::Bool(*value),
                },
            });
        }
    }

    #[cfg(feature = "traces")]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All values with their names.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Name<'_>, Value<'_>)> {
        self.entries.iter().map(|entry| {
            let name = match &entry.name {
                EntryName::Field(index, name) => Name::Field(*index, name),
                EntryName::Key(range) => Name::Key(&self.text[range.clone()]),
            };
            let value = match &entry.value {
                EntryValue::Text(range, is_plain) => Value::Text(Text {
                    text: &self.text[range.clone()],
                    is_plain: IsPlain::Kept(is_plain),
                }),
                EntryValue::Int(value) => Value::Int(*value),
                EntryValue::Unsigned(value) => Value::Unsigned(*value),
                EntryValue::Float(value) => Value::Float(*value),
                EntryValue::Bool(value) => Value::Bool(*value),
            };
            (name, value)
        })
    }
}

impl EntryValue {
    pub(super) fn text(range: Range<usize>) -> Self {
        Self::Text(range, Cell::new(None))
    }
}
