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
use crate::logs::Logs;
use crate::logs::callsite::{Callsite, Role};
use crate::logs::fields::Fields;
use crate::logs::filter;
use crate::logs::line::Head;
use crate::logs::output::{self, Line};
use crate::logs::pairs::{Kind, Pairs};
use crate::logs::query::{Listener, QueryEvent};
use crate::trace_context::TraceContext;

thread_local! {
    /// Room to write in, which is taken while a line is written: what is written may log by itself.
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

#[derive(Default)]
struct Scratch {
    message: Vec<u8>,
    pairs: Pairs,
    formatted: String,
}

/// Writes events of `tracing` as lines of the service's log: a layer for a subscriber of `tracing-subscriber`.
///
/// [`Monitoring::init`](crate::Monitoring::init) installs it, unless somebody else has installed a subscriber. For one of your own get it from
/// [`Monitoring::log_layer`](crate::Monitoring::log_layer).
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
        let filter = self
            .0
            .filter
            .begin(metadata, |visit| attributes.record(visit));
        let is_within = || {
            self.wants_within(
                metadata,
                context.span(id).as_ref().and_then(SpanRef::parent),
            )
        };
        let pairs = self.0.callsites.with(metadata, false, |callsite| {
            if callsite.role == Role::Connects {
                listener = self.0.queries.get().and_then(|queries| queries.listener());
            }
            let mut pairs = Pairs::default();
            if self.0.wants(callsite, metadata) || filter.is_some() || is_within() {
                self.0
                    .take_in(callsite, &mut pairs, |fields| attributes.record(fields));
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
        let counts = self.learn(&span, values);
        self.0.callsites.with(metadata, false, |callsite| {
            if !(counts
                || self.0.wants(callsite, metadata)
                || self.wants_within(metadata, span.parent()))
            {
                return;
            }
            // First, since writing a value is the service's own code, which may use the span.
            let mut news = Pairs::default();
            self.0
                .take_in(callsite, &mut news, |fields| values.record(fields));
            let mut extensions = span.extensions_mut();
            let kept = extensions.get_mut::<InSpans>();
            let is = |kept: &&mut InSpan| std::ptr::eq(kept.logs, self.0);
            if let Some(known) = kept.and_then(|kept| kept.0.iter_mut().find(is)) {
                news.add_all(&known.pairs);
                known.pairs = news;
            }
        });
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
            if is_wanted && self.0.admits(callsite) {
                self.write(callsite, metadata, event, &context);
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

    /// Takes in what values say of a span that the filter asks for; whether it asks for it.
    fn learn<S: for<'a> LookupSpan<'a>>(&self, span: &SpanRef<'_, S>, values: &Record<'_>) -> bool {
        if !self.0.filter.asks_spans(&Level::ERROR) {
            return false;
        }
        let open = {
            let extensions = span.extensions();
            let kept = extensions.get::<InSpans>().and_then(|kept| kept.of(self.0));
            match kept.and_then(|kept| kept.filter.as_ref()) {
                Some(kept) => kept.open().to_vec(),
                None => return false,
            }
        };
        // Without the lock, since writing a value is the service's own code.
        let matched = self.0.filter.matched(&open, |visit| values.record(visit));
        let mut extensions = span.extensions_mut();
        let kept = extensions.get_mut::<InSpans>();
        let is = |kept: &&mut InSpan| std::ptr::eq(kept.logs, self.0);
        let kept = kept.and_then(|kept| kept.0.iter_mut().find(is));
        if let Some(kept) = kept.and_then(|kept| kept.filter.as_mut()) {
            self.0.filter.take_in(kept, &matched);
        }
        true
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
        queries.take(QueryEvent::of(|visit| event.record(visit)), listener);
        true
    }

    fn write<S: Subscriber + for<'a> LookupSpan<'a>>(
        &self,
        callsite: &Callsite,
        metadata: &Metadata<'_>,
        event: &Event<'_>,
        context: &Context<'_, S>,
    ) {
        let logs = self.0;
        let mut scratch = SCRATCH
            .try_with(Cell::take)
            .ok()
            .flatten()
            .unwrap_or_default();
        let Scratch {
            message,
            pairs,
            formatted,
        } = &mut *scratch;
        message.clear();
        pairs.clear();
        event.record(&mut Fields {
            style: logs.format.style,
            callsite,
            message,
            pairs,
            formatted,
        });
        let mut of_span = None;
        for span in context.event_scope(event).into_iter().flatten() {
            let extensions = span.extensions();
            let kept = extensions.get::<InSpans>();
            if let Some(kept) = kept.and_then(|kept| kept.of(logs)) {
                pairs.add_all(&kept.pairs);
                of_span = of_span.or(kept.context);
            }
        }
        logs.complete(callsite, pairs);
        let current = match event.is_contextual() {
            true => TraceContext::present().or(of_span),
            false => of_span,
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
            callsite.hold_back();
            self.output.dropped("rate_limited", 1);
        }
        admits
    }

    /// Takes the fields of a span in.
    fn take_in(
        &self,
        callsite: &Callsite,
        pairs: &mut Pairs,
        record: impl FnOnce(&mut Fields<'_>),
    ) {
        record(&mut Fields {
            style: self.format.style,
            callsite,
            message: &mut Vec::new(),
            pairs,
            formatted: &mut String::new(),
        });
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
