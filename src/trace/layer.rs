//! Spans and events of the `tracing` crate, as part of what the thread works on.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event as TracingEvent, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::catalog;
use crate::fields;
use crate::trace::current::{self, Current, Open};
use crate::trace::current_span::{Handle, is_handle};
use crate::trace::event;
use crate::trace::recording::Recording;
use crate::trace::role::roles;
use crate::trace::span::Attribute;
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
///   request itself. An explicit parent that belongs to a request is its parent; any other one, or `parent: None`, changes nothing. Spawned
///   work stays in the trace by [`in_current_trace`](crate::InCurrentTrace::in_current_trace), closures by
///   [`CurrentTrace`](crate::CurrentTrace), and both by `tracing`'s `Span::current()` and `in_current_span`, for which a subscriber of your own
///   needs [`CurrentSpans`](crate::CurrentSpans). Spans outside of any request are not exported.
/// - An event is shown on the span that is current. It is called after its message; without one, an event with an error is an `exception`.
///   The error (a field `error`, `err` or `exception.message`) is its `exception.message`.
/// - An event of level `ERROR` sets the status of its span to error, with the message of the error or of the event. The last one counts. Of a
///   request alone the answer says whether it failed; if it did, an event says why. `#[instrument(err)]` logs such an event.
/// - The fields `otel.name`, `otel.kind`, `otel.status_code` and `otel.status_message` of a span mean what they mean to
///   `tracing-opentelemetry`. A status that is set so is not changed by events.
/// - Beside a [`LogLayer`](crate::LogLayer) each value is formatted once for both. A value whose `Debug` or `Display` panics is shown as
///   `[formatting panicked]`.
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
        let metadata = attributes.metadata();
        if is_handle(metadata) {
            if let Some(span) = context.span(id) {
                span.extensions_mut().replace(Handle(Current::get()));
            }
            return;
        }
        if !self.wants(metadata) {
            return;
        }
        let name = Cow::Borrowed(metadata.name());
        let parent = attributes.parent();
        let open = match parent.and_then(|parent| owner(context.span(parent))) {
            Some(owner) => owner.map(|(recording, parent)| Open::within(recording, parent, name)),
            None => Open::begin(name),
        };
        let (Some(mut open), Some(span)) = (open, context.span(id)) else {
            return;
        };
        if !metadata.fields().is_empty() {
            let roles = roles(metadata);
            fields::of_span(self, id, attributes, |fields| open.take_in(roles, fields));
        }
        open.tell(Attribute::text("code.module.name", metadata.target()));
        // Another layer of ours may have been here.
        let mut extensions = span.extensions_mut();
        extensions.replace(open.context); // for lines that name the span as their parent
        extensions.replace(open);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let is_open = span.extensions().get::<Open>().is_some();
        if !is_open {
            return fields::skip_record(self, id, values);
        }
        let roles = roles(span.metadata());
        fields::of_record(self, id, values, |fields| {
            if let Some(open) = span.extensions_mut().get_mut::<Open>() {
                open.take_in(roles, fields);
            }
        });
    }

    fn event_enabled(&self, _event: &TracingEvent<'_>, _context: Context<'_, S>) -> bool {
        fields::event_begins();
        true
    }

    fn on_event(&self, event: &TracingEvent<'_>, context: Context<'_, S>) {
        if !self.wants(event.metadata()) {
            return;
        }
        let parent = event.parent();
        let owner = match parent.and_then(|parent| owner(context.span(parent))) {
            Some(owner) => owner,
            None => current::recording().zip(TraceContext::present()),
        };
        let Some((recording, owner)) = owner else {
            return;
        };
        let limits = &recording.tracer.limits;
        let place = (owner.span, recording.now());
        let (event, failure) = fields::of_event(self, event, |fields| {
            event::event(event.metadata(), fields, limits, place)
        });
        recording.add_event(event, failure);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        if let Some(own) = current_of(&span) {
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

/// What a thread works on that is in a span, if it is a span of ours.
fn current_of<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<Current> {
    let extensions = span.extensions();
    let open = extensions.get::<Open>().map(Open::current);
    open.or_else(|| Some(extensions.get::<Handle>()?.0.clone()))
}

/// The trace and the span in it that something belongs to; without a recording it is not collected.
type Owner = Option<(Arc<Recording>, TraceContext)>;

/// That of a span, or else of the nearest one above it that is ours.
fn owner<'a, R: LookupSpan<'a>>(span: Option<SpanRef<'a, R>>) -> Option<Owner> {
    span?.scope().find_map(|span| {
        let extensions = span.extensions();
        if let Some(open) = extensions.get::<Open>() {
            return Some(Some((open.recording.clone(), open.context)));
        }
        let Handle(current) = extensions.get::<Handle>()?;
        Some(current.recording.clone().zip(current.context))
    })
}
