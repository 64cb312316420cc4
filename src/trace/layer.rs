//! Spans and events of the `tracing` crate, as part of what the thread works on.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event as TracingEvent, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::catalog;
use crate::redact;
use crate::sql;
use crate::text::Short;
use crate::trace::current::{self, Current, Open};
use crate::trace::recording::Recording;
use crate::trace::span::{Attribute, Event, Value};
use crate::trace_context::TraceContext;

thread_local! {
    /// What the thread worked on before it entered each of the spans that it is in.
    static BEFORE: RefCell<Vec<(Id, Current)>> = const { RefCell::new(Vec::new()) };
}

/// Makes spans and events of `tracing` part of the traces of requests: a layer for a subscriber of `tracing-subscriber`.
///
/// ```
/// use ecolaura_monitoring::TracingLayer;
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let subscriber = tracing_subscriber::registry().with(TracingLayer::new());
/// # let _ = subscriber;
/// ```
///
/// - A span belongs to the request in whose work it begins, below the span that is current there: that of `#[monitor]`, of `tracing`, or of the
///   request itself. Spawned work stays with it by `tracing`'s `in_current_span`, or by
///   [`in_current_trace`](crate::InCurrentTrace::in_current_trace) where there is no span. Spans outside of any request are not exported.
/// - An event is shown on the span that is current.
/// - Fields whose name tells of a secret (`password`, `token`, `authorization`, …) or of a person's address or number (`email`, `phone`, …)
///   are not shown. In the texts of others and in messages, `[redacted]` stands for what looks like a secret: numbers of payment cards,
///   e-mail addresses, credentials after `Bearer` and in addresses, web tokens, keys of well-known services, private keys, and the values
///   of such names in JSON, in queries, in headers and in what `Debug` writes. What looks like nothing of that is shown.
/// - A text is cut after 4,096 bytes (`OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`).
/// - For a request whose spans nobody collects it does nothing.
#[derive(Clone, Copy, Debug)]
#[must_use = "add it to a subscriber"]
pub struct TracingLayer {
    level: Level,
}

impl Default for TracingLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl TracingLayer {
    /// A layer for spans and events of level `INFO` and above.
    pub const fn new() -> Self {
        Self { level: Level::INFO }
    }

    /// Spans and events of this level, and of more important ones.
    pub const fn up_to(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Whether a span or event is of interest here: others may want it all the same.
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level && metadata.target() != catalog::QUERY_SPAN
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TracingLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !self.wants(attributes.metadata()) {
            return;
        }
        let name = Cow::Borrowed(attributes.metadata().name());
        let open = match attributes.parent() {
            // What somebody else was told to be the parent of, it is the parent of.
            Some(parent) => owner(context.span(parent))
                .map(|(recording, parent)| Open::within(recording, parent, name)),
            None if attributes.is_root() => None,
            None => Open::begin(name),
        };
        let (Some(mut open), Some(span)) = (open, context.span(id)) else {
            return;
        };
        let longest = open.recording.tracer.limits.text;
        attributes.record(&mut Told::new(longest, |attribute| open.tell(attribute)));
        open.tell(Attribute::text(
            "code.module.name",
            attributes.metadata().target(),
        ));
        // Another layer of ours may have been here.
        span.extensions_mut().replace(open);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let longest = {
            let extensions = span.extensions();
            let open = extensions.get::<Open>();
            open.map(|open| open.recording.tracer.limits.text)
        };
        let Some(longest) = longest else {
            return;
        };
        // First, since writing a value is the service's own code, which may use the span.
        let mut told = Vec::new();
        values.record(&mut Told::new(longest, |attribute| told.push(attribute)));
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            told.into_iter().for_each(|attribute| open.tell(attribute));
        }
    }

    fn on_event(&self, event: &TracingEvent<'_>, context: Context<'_, S>) {
        if !self.wants(event.metadata()) {
            return;
        }
        let owner = match event.parent() {
            Some(parent) => owner(context.span(parent)),
            None if event.is_root() => None,
            None => current::recording().zip(TraceContext::present()),
        };
        let Some((recording, owner)) = owner else {
            return;
        };
        let mut name = Cow::Borrowed(event.metadata().name());
        let limits = &recording.tracer.limits;
        let mut attributes = vec![Attribute::text("level", event.metadata().level().as_str())];
        event.record(&mut Told::new(limits.text, |attribute| match attribute {
            Attribute {
                key,
                value: Value::Text(text),
            } if key == "message" => name = text,
            attribute if attributes.len() < limits.attributes => attributes.push(attribute),
            _ => {}
        }));
        recording.add_event(Event {
            span: owner.span,
            at: recording.now(),
            name,
            attributes,
        });
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let extensions = span.extensions();
        let own = extensions.get::<Open>().map(Open::current);
        drop(extensions);
        if let Some(own) = own {
            let before = own.swap();
            let _ = BEFORE.try_with(|entered| entered.borrow_mut().push((id.clone(), before)));
        }
    }

    fn on_exit(&self, id: &Id, _context: Context<'_, S>) {
        let before = BEFORE.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let place = entered.iter().rposition(|(other, _)| other == id)?;
            let (_, before) = entered.remove(place);
            match entered.get_mut(place) {
                // One that was entered later goes on: after it comes what was before this one.
                Some((_, later)) => {
                    *later = before;
                    None
                }
                None => Some(before),
            }
        });
        if let Ok(Some(before)) = before {
            before.swap();
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let open = context
            .span(&id)
            .and_then(|span| span.extensions_mut().remove::<Open>());
        if let Some(open) = open {
            open.end();
        }
    }
}

/// The recording and context of a span, or else of the nearest one above it that has them.
fn owner<'a, R: LookupSpan<'a>>(
    span: Option<SpanRef<'a, R>>,
) -> Option<(Arc<Recording>, TraceContext)> {
    span?.scope().find_map(|span| {
        let extensions = span.extensions();
        let open = extensions.get::<Open>()?;
        Some((open.recording.clone(), open.context))
    })
}

/// Takes the fields of a span or event in, but for what is secret, and cuts what is too long.
struct Told<F> {
    longest: usize,
    tell: F,
}

impl<F: FnMut(Attribute)> Told<F> {
    fn new(longest: usize, tell: F) -> Self {
        Self { longest, tell }
    }

    /// Tells of a field, unless its name or what it holds says that nobody is to know it.
    fn tell(&mut self, field: &Field, is_secret: bool, value: impl FnOnce(usize) -> Value) {
        let name = field.name();
        (self.tell)(Attribute {
            key: Cow::Borrowed(name),
            value: match is_secret || redact::is_secret(name) {
                true => Value::Text(redact::REDACTED.into()),
                false => value(self.longest),
            },
        });
    }
}

/// The text of a field of this name, as far as it is shown.
fn text(name: &str, text: &str, longest: usize) -> Value {
    if sql::is_statement(name) {
        return Value::Text(sql::without_values(text, longest).into());
    }
    let text = redact::start(redact::without_query(name, text), longest);
    Value::Text(text.into_owned().into())
}

impl<F: FnMut(Attribute)> Visit for Told<F> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.tell(field, false, |longest| {
            let mut formatted = String::new();
            let mut short = Short {
                text: &mut formatted,
                longest: longest.saturating_add(redact::BEYOND),
            };
            let _ = write!(short, "{value:?}"); // what is too long is cut
            text(field.name(), &formatted, longest)
        });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.tell(field, false, |longest| text(field.name(), value, longest));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.tell(field, false, |_| Value::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        let is_card = u64::try_from(value).is_ok_and(redact::is_card_number);
        self.tell(field, is_card, |_| Value::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let is_card = redact::is_card_number(value);
        self.tell(field, is_card, |_| match i64::try_from(value) {
            Ok(value) => Value::Int(value),
            Err(_) => Value::Text(value.to_string().into()),
        });
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.tell(field, false, |_| Value::Double(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
