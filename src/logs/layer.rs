//! Events and spans of the `tracing` crate, as lines.

use std::cell::Cell;
use std::sync::Arc;
use std::time::SystemTime;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::catalog::{self, Dataset};
use crate::fields::{self, Fields};
use crate::logs::Logs;
use crate::logs::callsite::{Callsite, Role};
use crate::logs::fields::FieldWriter;
use crate::logs::filter;
use crate::logs::line::Head;
use crate::logs::output::{self, Line};
use crate::logs::pairs::{Kind, Pairs};
use crate::logs::query::{Listener, QueryEvent};
use crate::trace_context::TraceContext;

thread_local! {
    /// Room to write in, which is taken while a line is written.
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

#[derive(Default)]
struct Scratch {
    message: Vec<u8>,
    pairs: Pairs,
}

/// Writes events of `tracing` as lines of the service's log: a layer for a subscriber of `tracing-subscriber`.
///
/// [`Monitoring::init`](crate::Monitoring::init) installs it, unless somebody else has installed a subscriber. For one of your own get it from
/// [`Monitoring::log_layer`](crate::Monitoring::log_layer).
///
/// - A value whose `Debug` or `Display` panics is shown as `[formatting panicked]`. What the service does is not affected.
/// - A line without a message has that of its error.
/// - `init` also makes events of the records of the crate `log`, with their keys and values as fields. A bridge of your own, such as
///   `tracing_log::LogTracer`, may leave those out.
#[derive(Clone, Copy)]
#[must_use = "add it to a subscriber"]
pub struct LogLayer(pub(crate) &'static Logs);

/// What is kept of a span for the lines of each log in it.
#[derive(Default)]
struct InSpans(Vec<InSpan>);

impl InSpans {
    fn of(&self, logs: &Logs) -> Option<&InSpan> {
        self.0.iter().find(|kept| std::ptr::eq(kept.logs, logs))
    }
}

/// What one of them keeps.
struct InSpan {
    logs: &'static Logs,
    pairs: Pairs,
    context: Option<TraceContext>,
    listener: Option<Arc<Listener>>,
    /// What the filter has written in it besides.
    filter: Option<filter::InSpan>,
}

impl std::fmt::Debug for LogLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogLayer").finish_non_exhaustive()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        let mut listener = None;
        let mut filter = None;
        let counts_spans = self.0.filter.asks_spans(&Level::ERROR);
        let pairs = self.0.callsites.with(metadata, false, |callsite| {
            if callsite.role == Role::Connects {
                listener = self.0.queries.get().and_then(|queries| queries.listener());
            }
            let mut pairs = Pairs::default();
            let is_wanted = self.0.wants(callsite, metadata);
            if counts_spans || is_wanted && !callsite.fields.is_empty() {
                fields::of_span(self, id, attributes, |fields| {
                    filter = self.0.filter.begin(metadata, fields);
                    let parent = || context.span(id).as_ref().and_then(SpanRef::parent);
                    if is_wanted || filter.is_some() || self.wants_within(metadata, parent()) {
                        self.0.take_in(callsite, fields, &mut pairs);
                    }
                });
            }
            pairs
        });
        let Some(span) = context.span(id) else {
            return;
        };
        let context = TraceContext::present();
        let mut extensions = span.extensions_mut();
        if extensions.get_mut::<InSpans>().is_none() {
            extensions.insert(InSpans::default());
        }
        if let Some(kept) = extensions.get_mut::<InSpans>() {
            let logs = self.0;
            kept.0.push(InSpan {
                logs,
                pairs,
                context,
                listener,
                filter,
            });
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let metadata = span.metadata();
        let open = self.open(&span);
        self.0.callsites.with(metadata, false, |callsite| {
            let is_wanted = open.is_some()
                || self.0.wants(callsite, metadata)
                || self.wants_within(metadata, span.parent());
            if !is_wanted {
                return fields::skip_record(self, id, values);
            }
            // First, since formatting a value is the service's own code, which may use the span.
            let mut news = Pairs::default();
            let matched = fields::of_record(self, id, values, |fields| {
                self.0.take_in(callsite, fields, &mut news);
                open.map(|open| self.0.filter.matched(&open, fields))
            });
            let mut extensions = span.extensions_mut();
            let kept = extensions.get_mut::<InSpans>();
            let is = |kept: &&mut InSpan| std::ptr::eq(kept.logs, self.0);
            if let Some(known) = kept.and_then(|kept| kept.0.iter_mut().find(is)) {
                news.add_all(&known.pairs);
                known.pairs = news;
                if let (Some(filter), Some(matched)) = (&mut known.filter, matched) {
                    self.0.filter.take_in(filter, &matched);
                }
            }
        });
    }

    fn event_enabled(&self, _event: &Event<'_>, _context: Context<'_, S>) -> bool {
        fields::event_begins();
        true
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if output::is_writer() {
            return;
        }
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let is_of_log = normalized.is_some();
        self.0.callsites.with(metadata, is_of_log, |callsite| {
            if callsite.role == Role::Tells && self.hand_on(event, &context) {
                return;
            }
            let is_wanted = self.0.wants(callsite, metadata)
                || self.0.filter.asks_spans(metadata.level())
                    && self.wants_within(metadata, context.event_span(event));
            let is_panic = callsite.role == Role::Panics;
            if !is_wanted || is_panic && !self.0.output.has_room() {
                return; // for a panic the hook finds room
            }
            let is_written = self.0.admits(callsite);
            if is_written {
                fields::of_event(self, event, |fields| {
                    self.write(callsite, metadata, event, fields, &context);
                });
            }
            if is_panic {
                self.0.has_taken_panic(is_written);
            }
        });
    }
}

impl LogLayer {
    /// Whether something is written for a span that it is in.
    fn wants_within<S: for<'a> LookupSpan<'a>>(
        &self,
        metadata: &Metadata<'_>,
        span: Option<SpanRef<'_, S>>,
    ) -> bool {
        let filter = &self.0.filter;
        if !filter.asks_spans(metadata.level()) {
            return false;
        }
        let mut spans = span.iter().flat_map(SpanRef::scope);
        spans.any(|span| {
            let extensions = span.extensions();
            let kept = extensions.get::<InSpans>().and_then(|kept| kept.of(self.0));
            let kept = kept.and_then(|kept| kept.filter.as_ref());
            filter.wants_in(metadata.level(), kept, span.metadata())
        })
    }

    /// The directives that wait for values of a span; `None` where the filter does not ask for it.
    fn open<S: for<'a> LookupSpan<'a>>(&self, span: &SpanRef<'_, S>) -> Option<Vec<(usize, u64)>> {
        if !self.0.filter.asks_spans(&Level::ERROR) {
            return None;
        }
        let extensions = span.extensions();
        let kept = extensions.get::<InSpans>()?.of(self.0)?;
        Some(kept.filter.as_ref()?.open().to_vec())
    }

    /// Hands on what an event tells of a query, if somebody wants to know.
    #[cold]
    fn hand_on<S: Subscriber + for<'a> LookupSpan<'a>>(
        &self,
        event: &Event<'_>,
        context: &Context<'_, S>,
    ) -> bool {
        let Some(queries) = self.0.queries.get() else {
            return false;
        };
        let listener = queries.listener().or_else(|| {
            let mut spans = context.event_scope(event)?;
            spans.find_map(|span| {
                let extensions = span.extensions();
                extensions.get::<InSpans>()?.of(self.0)?.listener.clone()
            })
        });
        let query = fields::of_event(self, event, QueryEvent::of);
        queries.take(query, listener);
        true
    }

    fn write<S: Subscriber + for<'a> LookupSpan<'a>>(
        &self,
        callsite: &Callsite,
        metadata: &Metadata<'_>,
        event: &Event<'_>,
        fields: &Fields,
        context: &Context<'_, S>,
    ) {
        let logs = self.0;
        let mut scratch = SCRATCH
            .try_with(Cell::take)
            .ok()
            .flatten()
            .unwrap_or_default();
        let Scratch { message, pairs } = &mut *scratch;
        message.clear();
        pairs.clear();
        let writer = FieldWriter {
            style: logs.format.style,
            callsite,
            message,
            pairs,
        };
        writer.write(fields);
        let mut of_span = None;
        for span in context.event_scope(event).into_iter().flatten() {
            let extensions = span.extensions();
            if !event.is_contextual() {
                of_span = of_span.or_else(|| extensions.get::<TraceContext>().copied());
            }
            let kept = extensions.get::<InSpans>();
            if let Some(kept) = kept.and_then(|kept| kept.of(logs)) {
                pairs.add_all(&kept.pairs);
                of_span = of_span.or(kept.context);
            }
        }
        logs.complete(callsite, pairs);
        // With a parent that belongs to no trace, or with none at all, it is of the trace that the thread works on.
        let current = match event.is_contextual() {
            true => TraceContext::present().or(of_span),
            false => of_span.or_else(TraceContext::present),
        };
        let head = Head {
            at: SystemTime::now(),
            level: *metadata.level(),
            dataset: Dataset::Application,
            context: current,
            target: metadata.target(),
            tail: &callsite.tail,
        };
        let mut text = logs.output.buffer();
        logs.format.write(&mut text, &head, message, pairs);
        logs.output.put(Line::of(text, &head));
        let _ = SCRATCH.try_with(|kept| kept.set(Some(scratch)));
    }
}

impl Logs {
    /// Whether lines of a place are wanted.
    fn wants(&self, callsite: &Callsite, metadata: &Metadata<'_>) -> bool {
        let ask = || self.filter.wants(metadata);
        callsite.verdict.of(&self.filter, ask)
    }

    /// Whether a place may write one more line now.
    fn admits(&self, callsite: &Callsite) -> bool {
        let admits = callsite.limiter.admits();
        if !admits {
            let is_first = callsite.hold_back();
            self.output.dropped("rate_limited", 1);
            if is_first {
                self.output.wake_if_asleep(); // it has to be announced in time
            }
        }
        admits
    }

    /// Takes the fields of a span in.
    fn take_in(&self, callsite: &Callsite, fields: &Fields, pairs: &mut Pairs) {
        let writer = FieldWriter {
            style: self.format.style,
            callsite,
            message: &mut Vec::new(),
            pairs,
        };
        writer.write(fields);
    }

    /// Adds what is told of lines and fields that are not there.
    fn complete(&self, callsite: &Callsite, pairs: &mut Pairs) {
        let held_back = callsite.held_back();
        let left_out = pairs.left_out() as u64;
        for (name, number) in [
            (catalog::LINES_HELD_BACK, held_back),
            (catalog::FIELDS_LEFT_OUT, left_out),
        ] {
            if number > 0 {
                pairs.add_number(self.format.style, Kind::Label, name, number);
            }
        }
    }
}
