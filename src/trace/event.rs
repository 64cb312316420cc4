//! Events of `tracing`, as events of a span.

use std::borrow::Cow;

use tracing::{Level, Metadata};

use crate::fields::{Fields, Value as FieldValue};
use crate::trace::role::{Role, roles};
use crate::trace::span::{Attribute, Event, Value};
use crate::trace::tracer::Limits;

// Source: OpenTelemetry's semantic conventions for exceptions in spans, version 1.
const EXCEPTION: &str = "exception";
const EXCEPTION_MESSAGE: &str = "exception.message";
const EXCEPTION_TYPE: &str = "exception.type";
const EXCEPTION_STACK_TRACE: &str = "exception.stacktrace";

/// Makes the event of a span; and where it is of level `ERROR`, what the span's status says.
pub(super) fn event(
    metadata: &Metadata<'_>,
    fields: &Fields,
    limits: &Limits,
    (span, at): (u64, u64),
) -> (Event, Option<Cow<'static, str>>) {
    let roles = roles(metadata);
    let level = *metadata.level();
    let (mut message, mut error) = (None, None);
    let mut attributes = Vec::with_capacity(limits.attributes.min(1 + fields.len()));
    attributes.push(Attribute::text("level", level.as_str()));
    for (name, value) in fields.iter() {
        let role = Role::among(roles, name);
        let is_text = matches!(value, FieldValue::Text(_));
        let value = match (role, role.shown(name, value, limits.text)) {
            (Role::Message, Value::Text(text)) => {
                message = Some(text);
                continue;
            }
            (_, value) => value,
        };
        let key = match role {
            Role::ErrorMessage if is_text => EXCEPTION_MESSAGE.into(),
            Role::ErrorType if is_text => EXCEPTION_TYPE.into(),
            Role::StackTrace if is_text => EXCEPTION_STACK_TRACE.into(),
            _ => name.key(),
        };
        if let (EXCEPTION_MESSAGE, Value::Text(text)) = (&*key, &value) {
            error = Some(text.clone());
        }
        // No key comes twice, which OTLP forbids: the first is that of ours, or the first of the event.
        let is_new = attributes.iter().all(|one: &Attribute| one.key != key);
        if is_new && attributes.len() < limits.attributes {
            attributes.push(Attribute { key, value });
        }
    }
    let is_error = level == Level::ERROR;
    let failure = is_error.then(|| error.clone().or(message.clone()).unwrap_or_default());
    let name = match (message, error) {
        (Some(message), _) => message,
        (None, Some(_)) => EXCEPTION.into(),
        (None, None) => Cow::Borrowed(metadata.name()),
    };
    let event = Event {
        span,
        at,
        name,
        attributes,
    };
    (event, failure)
}
