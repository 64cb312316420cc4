//! The fields of an event or span, taken in as `tracing` hands them out.

use std::error::Error;
use std::fmt::{self, Debug, Write as _};
use std::io::Write as _;
use std::net::IpAddr;

use tracing::field::{Field, Visit};

use crate::catalog::FieldKind;
use crate::logs::callsite::{Callsite, Key, Meaning};
use crate::logs::escape::{Style, told};
use crate::logs::pairs::{Kind, LONGEST, Pairs};
use crate::redact;
use crate::sql;
use crate::text::Short;

/// What the message takes at most.
pub(crate) const LONGEST_MESSAGE: usize = 8 << 10;

/// Where fields are put.
pub(crate) struct Fields<'a> {
    pub(crate) style: Style,
    pub(crate) callsite: &'a Callsite,
    pub(crate) message: &'a mut Vec<u8>,
    pub(crate) pairs: &'a mut Pairs,
    /// Room to write a value in, before it is known what of it is told.
    pub(crate) formatted: &'a mut String,
}

/// A value of a field.
#[derive(Clone, Copy)]
enum Told<'a> {
    Text(&'a str),
    /// A number as it is written.
    Number(&'a str),
    Bool(bool),
}

impl Told<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
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

impl Fields<'_> {
    fn tell(&mut self, field: &Field, value: Told<'_>) {
        let callsite = self.callsite;
        match callsite.fields.get(field.index()) {
            None | Some(Meaning::Known) => {}
            Some(Meaning::Message) => {
                self.message.clear();
                told(self.message, value.as_str(), LONGEST_MESSAGE, self.style);
            }
            Some(Meaning::Secret(key)) => self.label(key, Told::Text(redact::REDACTED)),
            Some(Meaning::Statement(key)) => {
                let text = sql::without_values(value.as_str(), LONGEST);
                self.pairs.add_statement(self.style, &key.0, &text);
            }
            Some(Meaning::Schema(field, _)) if value.fits(field.kind) => {
                let text = redact::without_query(field.name, value.as_str());
                match (field.kind, text.parse()) {
                    (FieldKind::Long, Ok(number)) => {
                        let (style, kind) = (self.style, Kind::Schema);
                        self.pairs.add_number(style, kind, field.name, number);
                    }
                    _ => self.add(Kind::Schema, field.name.as_bytes(), text),
                }
            }
            Some(Meaning::Schema(_, key) | Meaning::Label(key)) => self.label_of(field, key, value),
        }
    }

    fn label_of(&mut self, field: &Field, key: &Key, value: Told<'_>) {
        match value {
            Told::Text(text) => {
                let text = redact::without_query(field.name(), text);
                self.label(key, Told::Text(text));
            }
            value => self.label(key, value),
        }
    }

    fn label(&mut self, key: &Key, value: Told<'_>) {
        self.add(Kind::Label, &key.0, value.as_str());
    }

    fn add(&mut self, kind: Kind, name: &[u8], text: &str) {
        self.pairs.add_text(self.style, kind, name, text);
    }

    /// Writes a value, as far as it can be shown, and tells it.
    fn write(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if let Some(text) = value.as_str() {
            return self.tell(field, Told::Text(text));
        }
        // Taken out, since writing a value is the service's own code, which may log.
        let mut text = std::mem::take(self.formatted);
        text.clear();
        let mut short = Short {
            text: &mut text,
            longest: 2 * LONGEST.max(LONGEST_MESSAGE) + 1,
        };
        let _ = short.write_fmt(value); // what is too long is cut
        self.tell(field, Told::Text(&text));
        *self.formatted = text;
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.tell(field, Told::Text(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.tell(field, Told::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        let mut buffer = itoa::Buffer::new();
        self.tell(field, Told::Number(buffer.format(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let mut buffer = itoa::Buffer::new();
        self.tell(field, Told::Number(buffer.format(value)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        let mut buffer = [0; 32];
        let mut rest = &mut buffer[..];
        let fits = write!(rest, "{value:?}").is_ok();
        let left = rest.len();
        let written = std::str::from_utf8(&buffer[..32 - left]);
        match (fits, written) {
            (true, Ok(text)) => self.tell(field, Told::Number(text)),
            _ => self.write(field, format_args!("{value:?}")),
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.write(field, format_args!("{}", Chain(value)));
    }
}

/// An error with what brought it about.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DEEPEST: usize = 16;
        let mut told = self.0.to_string();
        let mut cause = self.0.source();
        for _ in 0..DEEPEST {
            let Some(known) = cause else { break };
            let text = known.to_string();
            if !told.ends_with(&text) {
                told = format!("{told}: {text}"); // many an error tells of its cause by itself
            }
            cause = known.source();
        }
        f.write_str(&told)
    }
}
