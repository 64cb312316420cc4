//! The trace of a request: which one it belongs to, and its span in it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Version};

use crate::observe::meter::Meter;
use crate::observe::route::Route;
use crate::outcome::Outcome;
use crate::trace::{Attribute, Kind, Recording, Span, Status, Tracer, current::Current};
use crate::trace_context::TraceContext;

/// Made once: a name given as text is parsed for each request.
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The trace that a request belongs to, as far as anybody wants to know.
pub(crate) struct Traced {
    /// Its own span in it; where this service makes no spans, that of the sender, if it is recorded.
    context: Option<TraceContext>,
    /// In a box, since most requests have none.
    span: Option<Box<ServerSpan>>,
}

/// A request's span, as far as it is known when it begins.
struct ServerSpan {
    tracer: &'static Tracer,
    parent: u64,
    path: Option<PathAndQuery>,
    version: Version,
    /// `tracestate`.
    state: Option<HeaderValue>,
    /// Nanoseconds before what is measured at last: of a stream, those until its head.
    before: u64,
    /// What is recorded of it, once something is; if it is to be recorded, from the start.
    recording: Option<Arc<Recording>>,
}

impl Traced {
    #[inline]
    pub(crate) fn of<B>(meter: &Meter, request: &Request<B>) -> Self {
        let parent = parent(request.headers());
        match meter.tracer() {
            None => Self {
                context: parent.filter(TraceContext::is_sampled),
                span: None,
            },
            Some(tracer) => Self::begin(tracer, parent, request),
        }
    }

    fn begin<B>(
        tracer: &'static Tracer,
        parent: Option<TraceContext>,
        request: &Request<B>,
    ) -> Self {
        let parent = parent.filter(|_| tracer.propagates);
        let (context, is_collected) = tracer.begin(parent);
        let span = is_collected.then(|| {
            let state = parent.and_then(|_| Tracer::state_of(request.headers()));
            let (is_kept, path) = (context.is_sampled(), request.uri().path_and_query());
            Box::new(ServerSpan {
                tracer,
                parent: parent.map_or(0, |parent| parent.span),
                path: path.cloned(),
                version: request.version(),
                recording: is_kept.then(|| tracer.record(context, state.clone())),
                state,
                before: 0,
            })
        });
        Self {
            context: Some(context),
            span,
        }
    }

    /// What exemplars lead to: the context, if it is recorded.
    #[inline]
    pub(crate) fn exemplar(&self) -> Option<TraceContext> {
        self.context.filter(TraceContext::is_sampled)
    }

    /// Whether there is a trace at all, as in most services that nobody traces there is not.
    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        self.context.is_some()
    }

    /// Becomes what the thread works on.
    #[inline(never)]
    pub(crate) fn enter(&mut self) {
        match &mut self.span {
            None => TraceContext::set_current(self.context),
            Some(span) => {
                let own = Current {
                    context: self.context,
                    tracer: Some(span.tracer),
                    recording: span.recording.take(),
                };
                own.swap();
            }
        }
    }

    /// Is no longer what the thread works on, which then works on nothing.
    #[inline(never)]
    pub(crate) fn leave(&mut self) {
        match &mut self.span {
            None => TraceContext::set_current(None),
            Some(span) => span.recording = Current::default().swap().recording,
        }
    }

    /// The head of a stream is there, after so long: from now on its life is measured.
    pub(crate) fn streams(&mut self, nanoseconds: u64) {
        if let Some(span) = &mut self.span {
            span.before = nanoseconds;
        }
    }

    /// It is known what becomes of the request: whether a trace that was not to be recorded is kept all the same.
    #[inline]
    pub(crate) fn decide(&mut self, outcome: Outcome, nanoseconds: u64) {
        if let (Some(context), Some(span)) = (&mut self.context, &self.span) {
            if !context.is_sampled()
                && span
                    .tracer
                    .keeps(outcome, Duration::from_nanos(nanoseconds))
            {
                *context = context.sampled();
            }
        }
    }

    /// Ends the span. It is exported, or all that was collected for it is discarded.
    #[inline]
    pub(crate) fn end(&mut self, route: &Route, code: u16, outcome: Outcome, nanoseconds: u64) {
        if let (Some(context), Some(span)) = (self.context, self.span.take()) {
            span.end(context, route, code, outcome, nanoseconds);
        }
    }
}

impl ServerSpan {
    #[cold]
    fn end(
        self,
        context: TraceContext,
        route: &Route,
        code: u16,
        outcome: Outcome,
        nanoseconds: u64,
    ) {
        let ServerSpan {
            tracer,
            state,
            recording,
            ..
        } = self;
        if !context.is_sampled() {
            if let Some(recording) = recording {
                recording.discard();
            }
            return;
        }
        let recording = recording.unwrap_or_else(|| tracer.record(context, None));
        let end = recording.now();
        let span = Span {
            id: context.span,
            parent: self.parent,
            name: name(route),
            kind: Kind::Server,
            start: end.saturating_sub(nanoseconds.saturating_add(self.before)),
            end,
            attributes: attributes(route, self.path.as_ref(), self.version, code, outcome),
            lost: 0,
            status: status(code, outcome),
        };
        recording.keep(span, state);
    }
}

/// Reads whose trace a request belongs to. Two headers of one name are as good as none.
fn parent(headers: &HeaderMap) -> Option<TraceContext> {
    let parent = headers.get(&TRACEPARENT)?;
    match headers.get_all(&TRACEPARENT).iter().nth(1) {
        None => TraceContext::from_traceparent(parent),
        Some(_) => None,
    }
}

// Source of what follows: OpenTelemetry's semantic conventions for HTTP server spans, version 1.

fn name(route: &Route) -> Cow<'static, str> {
    let method = match route.method.as_str() {
        "_OTHER" => "HTTP",
        method => method,
    };
    match route.is_named {
        true => format!("{method} {}", route.template()).into(),
        false => method.into(),
    }
}

fn attributes(
    route: &Route,
    path: Option<&PathAndQuery>,
    version: Version,
    code: u16,
    outcome: Outcome,
) -> Vec<Attribute> {
    let mut attributes = Vec::with_capacity(7);
    attributes.push(Attribute::text(
        "http.request.method",
        route.method.as_str(),
    ));
    if let Some(path) = path {
        // Without the query, which may say what nobody else is to know.
        attributes.push(Attribute::text("url.path", path.path().to_owned()));
    }
    if route.is_named {
        attributes.push(Attribute::text("http.route", route.template()));
    }
    if outcome != Outcome::Cancelled {
        attributes.push(Attribute::int("http.response.status_code", i64::from(code)));
    }
    if let Some(error) = error_type(code, outcome) {
        attributes.push(Attribute::text("error.type", error));
    }
    let version = match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    };
    attributes.push(Attribute::text("network.protocol.version", version));
    attributes
}

/// `error.type`: the status of a server error, else what went wrong.
fn error_type(code: u16, outcome: Outcome) -> Option<Cow<'static, str>> {
    match outcome {
        Outcome::Success | Outcome::ClientError => None,
        Outcome::ServerError if code >= 500 => Some(code.to_string().into()),
        other => Some(other.as_str().into()),
    }
}

/// What the client did wrong is no error of the server's span.
fn status(code: u16, outcome: Outcome) -> Status {
    match error_type(code, outcome) {
        None => Status::Unset,
        Some(_) => Status::Error(match outcome {
            Outcome::Panic => "the handler panicked".into(),
            Outcome::Cancelled => "the client went away before the answer".into(),
            Outcome::Aborted => "the client went away during the answer".into(),
            Outcome::Timeout => "a time limit ran out".into(),
            _ => "".into(),
        }),
    }
}
