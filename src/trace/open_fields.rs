//! The fields of a `tracing` span: attributes, and those that say what the span is.
//!
//! `otel.name`, `otel.kind`, `otel.status_code` and `otel.status_message` mean what the crate `tracing-opentelemetry` makes of them.

use crate::fields::Fields;
use crate::trace::current::Open;
use crate::trace::role::Role;
use crate::trace::span::{Attribute, Kind, Span, Status, Value};

impl Open {
    /// Takes fields in, whose roles these are.
    pub(super) fn take_in(&mut self, roles: &[Role], fields: &Fields) {
        let longest = self.recording.tracer.limits.text;
        for (name, value) in fields.iter() {
            let role = Role::among(roles, name);
            let value = role.shown(name, value, longest);
            let is_attribute = match &value {
                Value::Text(text) => !self.span.describe(role, text),
                _ => true,
            };
            if is_attribute {
                let key = name.key();
                self.tell(Attribute { key, value });
            }
        }
    }
}

impl Span {
    /// Takes over what a field says of the span as a whole; whether it does.
    fn describe(&mut self, role: Role, text: &str) -> bool {
        match role {
            Role::SpanName => self.name = text.to_owned().into(),
            Role::SpanKind => match Kind::parse(text) {
                Some(kind) => self.kind = kind,
                None => return false,
            },
            Role::StatusCode if text.eq_ignore_ascii_case("ok") => self.status = Status::Ok,
            Role::StatusCode if text.eq_ignore_ascii_case("error") => match self.status {
                Status::Error(_) => {}
                _ => self.status = Status::Error("".into()),
            },
            Role::StatusCode if text.eq_ignore_ascii_case("unset") => self.status = Status::Unset,
            Role::StatusMessage => self.status = Status::Error(text.to_owned().into()),
            _ => return false,
        }
        true
    }
}

impl Kind {
    fn parse(text: &str) -> Option<Self> {
        let all = [
            ("internal", Self::Internal),
            ("server", Self::Server),
            ("client", Self::Client),
            ("producer", Self::Producer),
            ("consumer", Self::Consumer),
        ];
        let found = all.iter().find(|(name, _)| text.eq_ignore_ascii_case(name));
        found.map(|(_, kind)| *kind)
    }
}
