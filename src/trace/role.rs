//! What the fields of a span or event are to a trace, worked out once for each place in the code.

use std::hash::BuildHasher as _;
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use tracing::Metadata;
use tracing::callsite::Identifier;

use crate::fields::{Name, Text, Value as FieldValue};
use crate::metrics::Bounded;
use crate::redact;
use crate::sql;
use crate::trace::span::Value;

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Message,
    /// Its name is that of a secret.
    Secret,
    Statement,
    ErrorMessage,
    ErrorType,
    StackTrace,
    // What `tracing-opentelemetry` makes of spans with fields of these names.
    SpanName,
    SpanKind,
    StatusCode,
    StatusMessage,
    Other,
}

/// The fields of all places that were seen.
struct Places {
    known: Bounded<Place>,
    hasher: FixedState,
}

struct Place {
    id: Identifier,
    roles: Box<[Role]>,
}

static PLACES: LazyLock<Places> = LazyLock::new(|| Places {
    known: Bounded::new(usize::MAX), // as many as the program has
    hasher: FixedState::default(),
});

/// The roles of the fields of a span or event, in their order.
pub(super) fn roles(metadata: &Metadata<'_>) -> &'static [Role] {
    let places = &*PLACES;
    let id = metadata.callsite();
    let hash = places.hasher.hash_one(&id);
    let is = |place: &Place| place.id == id;
    let make = || Place {
        id: id.clone(),
        roles: metadata
            .fields()
            .iter()
            .map(|field| Role::of(field.name()))
            .collect(),
    };
    let place = places.known.find(hash, is);
    let place = place.or_else(|| places.known.add(hash, is, make, |_| {}));
    place.map_or(&[], |place| &place.roles)
}

impl Role {
    fn of(name: &str) -> Self {
        match name {
            "message" => Self::Message,
            "error" | "err" | "error.message" | "exception.message" => Self::ErrorMessage,
            "error.type" | "exception.type" => Self::ErrorType,
            "error.stack_trace" | "exception.stacktrace" => Self::StackTrace,
            "otel.name" => Self::SpanName,
            "otel.kind" => Self::SpanKind,
            "otel.status_code" => Self::StatusCode,
            "otel.status_message" | "otel.status_description" => Self::StatusMessage,
            name if sql::is_statement(name) => Self::Statement,
            name if redact::is_secret(name) => Self::Secret,
            _ => Self::Other,
        }
    }

    /// What a name is among these.
    pub(super) fn among(roles: &[Self], name: Name<'_>) -> Self {
        match name {
            Name::Field(index, _) => roles.get(index).copied().unwrap_or(Self::Other),
            Name::Key(name) => match Self::of(name) {
                Self::Message => Self::Other, // the record has its own
                role => role,
            },
        }
    }

    /// A value, as far as it may be shown, with texts of at most so many bytes.
    pub(super) fn shown(self, name: Name<'_>, value: FieldValue<'_>, longest: usize) -> Value {
        if self == Self::Secret {
            return Value::Text(redact::REDACTED.into());
        }
        match value {
            FieldValue::Text(text) => Value::Text(self.text(name, text, longest).into()),
            FieldValue::Int(value) if !is_card(value) => Value::Int(value),
            FieldValue::Unsigned(value) if !redact::is_card_number(value) => {
                match i64::try_from(value) {
                    Ok(value) => Value::Int(value),
                    Err(_) => Value::Text(value.to_string().into()),
                }
            }
            FieldValue::Float(value) => Value::Double(value),
            FieldValue::Bool(value) => Value::Bool(value),
            FieldValue::Int(_) | FieldValue::Unsigned(_) => Value::Text(redact::REDACTED.into()),
        }
    }

    fn text(self, name: Name<'_>, text: Text<'_>, longest: usize) -> String {
        if self == Self::Statement {
            return sql::without_values(text.as_str(), longest);
        }
        let shorter = redact::without_query(name.as_str(), text.as_str());
        let is_whole = shorter.len() == text.as_str().len();
        match is_whole && shorter.len() <= longest && text.is_plain() {
            true => shorter.to_owned(),
            false => redact::start(shorter, longest).into_owned(),
        }
    }
}

fn is_card(value: i64) -> bool {
    u64::try_from(value).is_ok_and(redact::is_card_number)
}
