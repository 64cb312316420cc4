//! The fields of an event or span, written as a line has them.

use std::io::Write as _;
use std::net::IpAddr;

use crate::catalog::{self, FieldKind};
use crate::fields::{self, Fields, Name, Text, Value};
use crate::logs::callsite::{Callsite, Key, Meaning};
use crate::logs::escape::{Style, formatted};
use crate::logs::pairs::{Kind, LONGEST, Pairs};
use crate::redact;
use crate::sql;

/// What the message takes at most.
pub(crate) const LONGEST_MESSAGE: usize = 8 << 10;

// What is cut before it is redacted must be longer than what is shown.
const _: () = assert!(fields::LONGEST > 2 * LONGEST_MESSAGE + redact::BEYOND);

/// Writes fields into a line's message and its pairs.
pub(crate) struct FieldWriter<'a> {
    pub(crate) style: Style,
    pub(crate) callsite: &'a Callsite,
    pub(crate) message: &'a mut Vec<u8>,
    pub(crate) pairs: &'a mut Pairs,
}

/// A value of a field.
#[derive(Clone, Copy)]
enum Written<'a> {
    Text(Text<'a>),
    /// A number as it is written.
    Number(&'a str),
    Bool(bool),
}

impl<'a> Written<'a> {
    fn as_str(&self) -> &'a str {
        match self {
            Self::Text(text) => text.as_str(),
            Self::Number(text) => text,
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
        }
    }

    fn text(&self) -> Text<'a> {
        match self {
            Self::Text(text) => *text,
            other => Text::number(other.as_str()),
        }
    }

    /// Whether a field of the schema takes it.
    fn fits(&self, kind: FieldKind) -> bool {
        let text = self.as_str();
        match kind {
            FieldKind::Keyword => !text.is_empty(),
            FieldKind::Text => matches!(self, Self::Text(_)) && !text.is_empty(),
            FieldKind::Long => text.parse::<u64>().is_ok(),
            FieldKind::Ip => text.parse::<IpAddr>().is_ok(),
            FieldKind::Outcome => matches!(text, "success" | "failure" | "unknown"),
        }
    }
}

impl FieldWriter<'_> {
    /// Writes all of them. Where none is a message, the message of an error is.
    pub(crate) fn write(mut self, fields: &Fields) {
        let mut error = None;
        for (name, value) in fields.iter() {
            let mut buffer = itoa::Buffer::new();
            let is_error = match value {
                Value::Text(text) => self.field(name, Written::Text(text)),
                Value::Int(value) => self.field(name, Written::Number(buffer.format(value))),
                Value::Unsigned(value) => self.field(name, Written::Number(buffer.format(value))),
                Value::Float(value) => self.float(name, value),
                Value::Bool(value) => self.field(name, Written::Bool(value)),
            };
            if let (true, None, Value::Text(text)) = (is_error, error, value) {
                error = Some(text);
            }
        }
        if let (true, Some(error)) = (self.message.is_empty(), error) {
            formatted(self.message, error, LONGEST_MESSAGE, self.style);
        }
    }

    /// Writes one; whether it is the message of an error.
    #[inline]
    fn field(&mut self, name: Name<'_>, value: Written<'_>) -> bool {
        let callsite = self.callsite;
        match name {
            Name::Field(index, name) => match callsite.fields.get(index) {
                Some(meaning) => self.meant(meaning, name, value),
                None => false,
            },
            Name::Key(name) => self.meant(&Meaning::of_key(self.style, name), name, value),
        }
    }

    fn meant(&mut self, meaning: &Meaning, name: &str, value: Written<'_>) -> bool {
        match meaning {
            Meaning::Known => {}
            Meaning::Message => {
                self.message.clear();
                formatted(self.message, value.text(), LONGEST_MESSAGE, self.style);
            }
            Meaning::Secret(key) => self.label(key, redact::REDACTED.into()),
            Meaning::Statement(key) => {
                let text = sql::without_values(value.as_str(), LONGEST);
                self.pairs.add_statement(self.style, &key.0, &text);
            }
            Meaning::Schema(field, _) if value.fits(field.kind) => {
                match (field.kind, value.as_str().parse()) {
                    (FieldKind::Long, Ok(number)) => {
                        let (style, kind) = (self.style, Kind::Schema);
                        self.pairs.add_number(style, kind, field.name, number);
                    }
                    _ => {
                        let text = without_query(field.name, value.text());
                        self.add(Kind::Schema, field.name.as_bytes(), text);
                    }
                }
                return field.name == catalog::ERROR_MESSAGE_NAME;
            }
            Meaning::Schema(_, key) | Meaning::Label(key) => {
                let text = match value {
                    Written::Text(text) => without_query(name, text),
                    value => value.text(),
                };
                self.label(key, text);
            }
        }
        false
    }

    fn label(&mut self, key: &Key, text: Text<'_>) {
        self.add(Kind::Label, &key.0, text);
    }

    fn add(&mut self, kind: Kind, name: &[u8], text: Text<'_>) {
        self.pairs.add_text(self.style, kind, name, text);
    }

    fn float(&mut self, name: Name<'_>, value: f64) -> bool {
        let mut buffer = [0; 32]; // more than any of them takes
        let mut rest = &mut buffer[..];
        let _ = write!(rest, "{value:?}");
        let left = rest.len();
        let written = std::str::from_utf8(&buffer[..32 - left]).unwrap_or_default();
        self.field(name, Written::Number(written))
    }
}

/// A text without the query of the address that it holds, if the field's name says that it holds one.
fn without_query<'a>(name: &str, text: Text<'a>) -> Text<'a> {
    let shorter = redact::without_query(name, text.as_str());
    match shorter.len() == text.as_str().len() {
        true => text,
        false => shorter.into(),
    }
}
