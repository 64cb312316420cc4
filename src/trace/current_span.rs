//! What `Span::current()` is in a request in which `tracing` itself is in no span.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::callsite::{Callsite, Identifier};
use tracing::field::FieldSet;
use tracing::level_filters::LevelFilter;
use tracing::metadata::Kind;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_core::span::Current as CurrentId;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::catalog;
use crate::trace::current::{Current, Open};
use crate::trace_context::TraceContext;

/// Kept by a span that stands for what a thread works on: entering it makes another thread work on that.
pub(super) struct Handle(pub(super) Current);

/// Whether a span is a handle.
pub(super) fn is_handle(metadata: &Metadata<'_>) -> bool {
    metadata.callsite() == METADATA.callsite()
}

struct HandleCallsite;

static CALLSITE: HandleCallsite = HandleCallsite;

static METADATA: Metadata<'static> = Metadata::new(
    "current",
    catalog::CURRENT_SPAN,
    Level::INFO,
    None,
    None,
    None,
    FieldSet::new(&[], Identifier(&CALLSITE)),
    Kind::SPAN,
);

impl Callsite for HandleCallsite {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &METADATA
    }
}

thread_local! {
    /// A handle made on this thread whose first reference is not claimed yet: which subscriber made it, and its id.
    static UNCLAIMED: Cell<Option<(usize, u64)>> = const { Cell::new(None) };
    /// Whether a handle is being made: a layer that learns of it may ask for the current span.
    static IS_MAKING: Cell<bool> = const { Cell::new(false) };
}

/// No handle is being made any more when this is dropped.
struct Making;

impl Drop for Making {
    fn drop(&mut self) {
        IS_MAKING.set(false);
    }
}

/// Makes `tracing::Span::current()` what one expects in a request: the request's span, or that of the `#[monitor]` function that runs.
///
/// Those are no spans of `tracing`. So `Span::current()` would be none in a handler without a span of its own, or one further out, and what is
/// done in it elsewhere would lose its trace. [`Monitoring::init`](crate::Monitoring::init) installs this. For a subscriber of your own, put it
/// around all layers:
///
/// ```
/// use ecolaura_monitoring::{CurrentSpans, TracingLayer};
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let subscriber = CurrentSpans::new(tracing_subscriber::registry().with(TracingLayer::new()));
/// # let _ = subscriber;
/// ```
///
/// Then this belongs to the request:
///
/// ```
/// # fn thumbnail() {}
/// # async fn handler() {
/// let span = tracing::Span::current();
/// tokio::task::spawn_blocking(move || span.in_scope(thumbnail));
/// # }
/// ```
///
/// - It costs nothing until `Span::current()` is called, and then a span of the registry.
/// - That span is not exported. Its name is that of the span of `tracing` around it, and what is recorded in it goes there.
/// - What asks a [`Dispatch`](tracing::Dispatch) for layers by their types does not find those inside: `OpenTelemetrySpanExt` of
///   `tracing-opentelemetry` and `SpanTrace` of `tracing-error`.
#[derive(Debug)]
pub struct CurrentSpans<S> {
    inner: S,
    /// Tells it from others of the process.
    number: usize,
}

impl<S> CurrentSpans<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    /// Around a subscriber with all its layers.
    pub fn new(subscriber: S) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self {
            inner: subscriber,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Makes a handle for what the thread works on, unless one is being made.
    #[cold]
    fn handle(&self) -> Option<Id> {
        if IS_MAKING.replace(true) {
            return None;
        }
        let _making = Making;
        self.make_handle()
    }

    /// Makes a handle. Its first reference belongs to the next `clone_span`, which is what `Span::current()` calls.
    fn make_handle(&self) -> Option<Id> {
        if !self.inner.enabled(&METADATA) {
            return None;
        }
        let values = [];
        let id = self.inner.new_span(&Attributes::new(
            &METADATA,
            &METADATA.fields().value_set(&values),
        ));
        let before = UNCLAIMED.replace(Some((self.number, id.into_u64())));
        if let Some((number, left)) = before {
            if number == self.number {
                self.inner.try_close(Id::from_u64(left));
            }
        }
        Some(id)
    }

    /// Whether the thread works on the trace of this span, and on nothing further in.
    fn is_innermost(&self, id: &Id, context: TraceContext) -> bool {
        let Some(span) = self.inner.span(id) else {
            return false;
        };
        let extensions = span.extensions();
        let of_handle = || extensions.get::<Handle>()?.0.context;
        let own = extensions.get::<Open>().map(|open| open.context);
        own.or_else(of_handle) == Some(context)
    }

    /// The span that a handle stands for to those who record something in it: the nearest one that is no handle.
    fn recorded(&self, id: &Id) -> Option<Id> {
        let span = self.inner.span(id)?;
        if !is_handle(span.metadata()) {
            return None;
        }
        let mut around = span.scope().skip(1);
        let found = around.find(|span: &SpanRef<'_, S>| !is_handle(span.metadata()));
        found.map(|span| span.id())
    }
}

impl<S> Subscriber for CurrentSpans<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn current_span(&self) -> CurrentId {
        let known = self.inner.current_span();
        let Some(context) = TraceContext::present() else {
            return known;
        };
        if known.id().is_some_and(|id| self.is_innermost(id, context)) {
            return known;
        }
        match self.handle() {
            Some(id) => CurrentId::new(id, known.metadata().unwrap_or(&METADATA)),
            None => known,
        }
    }

    fn clone_span(&self, id: &Id) -> Id {
        if UNCLAIMED.get() == Some((self.number, id.into_u64())) {
            UNCLAIMED.set(None);
            return id.clone();
        }
        self.inner.clone_span(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        match self.recorded(span) {
            Some(around) => self.inner.record(&around, values),
            None => self.inner.record(span, values),
        }
    }

    // All else is handed on.

    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.inner.on_register_dispatch(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.inner.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.inner.enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.inner.max_level_hint()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.inner.new_span(span)
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.inner.record_follows_from(span, follows);
    }

    fn event_enabled(&self, event: &Event<'_>) -> bool {
        self.inner.event_enabled(event)
    }

    fn event(&self, event: &Event<'_>) {
        self.inner.event(event);
    }

    fn enter(&self, span: &Id) {
        self.inner.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.inner.exit(span);
    }

    fn try_close(&self, id: Id) -> bool {
        self.inner.try_close(id)
    }
}
