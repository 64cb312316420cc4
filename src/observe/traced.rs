//! The trace of a request: which one it belongs to, and its span in it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{Request, Version};

use crate::label::Method;
use crate::observe::meter::Meter;
use crate::observe::route::Route;
use crate::outcome::Outcome;
use crate::redact;
#[cfg(feature = "macros")]
use crate::trace::current;
use crate::trace::current::{Current, replace_along};
use crate::trace::propagation;
use crate::trace::{Along, Attribute, Kind, Recording, Span, Status, Tracer};
use crate::trace_context::TraceContext;

/// The trace that a request belongs to, as far as anybody wants to know.
pub(crate) struct Traced {
    /// Its own span in it; where this service makes no spans, that of the sender, if it is recorded.
    context: Option<TraceContext>,
    /// In a box, since most requests have none.
    span: Option<Box<ServerSpan>>,
    /// What it has for requests to other services.
    along: Along,
}

/// A request's span, as far as it is known when it begins.
struct ServerSpan {
    tracer: &'static Tracer,
    parent: u64,
    /// The method, where it has another name in the route.
    original: Option<Box<str>>,
    path: Option<PathAndQuery>,
    version: Version,
    scheme: &'static str,
    /// Nanoseconds before what is measured at last: of a stream, those until its head.
    before: u64,
    /// Whether its recording began with it.
    is_from_start: bool,
    /// What is recorded of it, once something is; if it is to be recorded, from the start.
    recording: Option<Arc<Recording>>,
}

impl Traced {
    /// As in most services that nobody traces.
    pub(crate) const NONE: Self = Self {
        context: None,
        span: None,
        along: Along::NOTHING,
    };

    /// Whether a request may belong to a trace.
    #[inline]
    pub(crate) fn may_be<B>(meter: &Meter, request: &Request<B>) -> bool {
        meter.tracer().is_some() || propagation::is_any(request.headers(), meter.propagators)
    }

    pub(crate) fn of<B>(meter: &Meter, request: &Request<B>) -> Self {
        let (headers, propagators) = (request.headers(), meter.propagators);
        let parent = propagation::parent(headers, propagators);
        let tracer = meter.tracer();
        let along = Along::of(headers, parent, tracer.is_some(), propagators);
        match tracer {
            None => Self {
                context: meter.unspanned(parent),
                span: None,
                along,
            },
            Some(tracer) => Self::begin(tracer, parent, along, request),
        }
    }

    fn begin<B>(
        tracer: &'static Tracer,
        parent: Option<TraceContext>,
        along: Along,
        request: &Request<B>,
    ) -> Self {
        let (context, is_collected) = tracer.begin(parent);
        let span = is_collected.then(|| {
            let path = request.uri().path_and_query();
            Box::new(ServerSpan {
                tracer,
                parent: parent.map_or(0, |parent| parent.span),
                original: Method::original(request.method()).map(Box::from),
                path: path.cloned(),
                version: request.version(),
                scheme: match request.uri().scheme_str() {
                    Some("https") => "https",
                    _ => "http",
                },
                recording: None,
                is_from_start: false,
                before: 0,
            })
        });
        Self {
            context: Some(context),
            span,
            along,
        }
    }

    /// The request's own.
    #[inline]
    pub(crate) fn context(&self) -> Option<TraceContext> {
        self.context
    }

    /// What exemplars lead to, where they are kept of it.
    #[inline]
    pub(crate) fn exemplar(&self) -> Option<&TraceContext> {
        self.context.as_ref()
    }

    /// The context, if it is recorded.
    #[inline]
    fn recorded(&self) -> Option<TraceContext> {
        self.context.filter(TraceContext::is_sampled)
    }

    /// The request's time has begun: so has its recording, if it is known that it is kept.
    #[inline]
    pub(crate) fn began(&mut self) {
        let recorded = self.recorded();
        if let (Some(span), Some(context)) = (&mut self.span, recorded) {
            let state = self.along.state().cloned();
            span.recording = Some(span.tracer.record(context, state));
            span.is_from_start = true;
        }
    }

    /// What was done in this span has failed, as the answer shows.
    #[cfg(feature = "macros")]
    #[cold]
    pub(crate) fn has_failed(&self, span: u64) {
        // While it is worked on, the thread has the recording.
        let own = self.span.as_ref().and_then(|span| span.recording.clone());
        if let Some(recording) = own.or_else(current::recording) {
            recording.has_failed(span);
        }
    }

    /// Whether there is a trace at all, as in most services that nobody traces there is not.
    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        self.context.is_some() || self.along.is_any()
    }

    /// Becomes what the thread works on.
    #[inline(never)]
    pub(crate) fn enter(&mut self) {
        match &mut self.span {
            None => {
                TraceContext::set_current(self.context);
                replace_along(self.along.clone());
            }
            Some(span) => {
                let own = Current {
                    context: self.context,
                    tracer: Some(span.tracer),
                    recording: span.recording.take(),
                    along: self.along.clone(),
                };
                own.swap();
            }
        }
    }

    /// Is no longer what the thread works on, which then works on nothing.
    #[inline(never)]
    pub(crate) fn leave(&mut self) {
        match &mut self.span {
            None => {
                TraceContext::set_current(None);
                replace_along(Along::default());
            }
            Some(span) => {
                let own = Current::default().swap().recording;
                // A span that was left open may have put that of another request here.
                let trace = self.context.map(|context| context.trace);
                span.recording = own.filter(|own| Some(own.trace) == trace);
            }
        }
    }

    /// The head of a stream is there, after so long: from now on its life is measured. Whether it is kept is decided.
    #[cold]
    pub(crate) fn streams(&mut self, nanoseconds: u64) {
        let is_kept = self.recorded().is_some();
        let Some(span) = &mut self.span else {
            return;
        };
        span.before = nanoseconds;
        match (&span.recording, is_kept) {
            (Some(recording), true) => recording.will_be_kept(),
            (Some(recording), false) => recording.discard(),
            (None, _) => {}
        }
        if !is_kept {
            self.span = None; // so that nothing is collected for as long as it lives
        }
    }

    /// It is known what becomes of the request: whether a trace that was not to be recorded is kept all the same.
    #[inline]
    pub(crate) fn decide(&mut self, outcome: Outcome, nanoseconds: u64) {
        if let (Some(span), Some(context)) = (&self.span, &mut self.context) {
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
    pub(crate) fn end(
        &mut self,
        route: &Route,
        answered: Option<u16>,
        outcome: Outcome,
        nanoseconds: u64,
    ) {
        if let (Some(span), Some(context)) = (self.span.take(), self.context) {
            span.end(context, &self.along, route, answered, outcome, nanoseconds);
        }
    }
}

impl ServerSpan {
    #[cold]
    fn end(
        mut self,
        context: TraceContext,
        along: &Along,
        route: &Route,
        answered: Option<u16>,
        outcome: Outcome,
        nanoseconds: u64,
    ) {
        let recording = self.recording.take();
        if !context.is_sampled() {
            if let Some(recording) = recording {
                recording.discard();
            }
            return;
        }
        let recording = recording.unwrap_or_else(|| self.tracer.record(context, None));
        // Just the time that is measured, with all that was done in it.
        let (began, took) = (recording.began(), nanoseconds.saturating_add(self.before));
        let is_stream = self.before > 0; // of which the parts that are measured leave a little out
        let (start, end) = match self.is_from_start {
            true if is_stream => (began, recording.now()),
            true => (began, began.saturating_add(took)),
            false => {
                let end = recording.now();
                (end.saturating_sub(took).min(began), end)
            }
        };
        let span = Span {
            id: context.span,
            parent: self.parent,
            name: name(route),
            kind: Kind::Server,
            start,
            end,
            attributes: self.attributes(route, answered, outcome),
            lost: 0,
            lost_events: 0,
            status: status(answered, outcome),
        };
        recording.keep(span, along.state().cloned());
    }
}

impl ServerSpan {
    fn attributes(&self, route: &Route, answered: Option<u16>, outcome: Outcome) -> Vec<Attribute> {
        let mut attributes = Vec::with_capacity(8);
        let method = route.method.as_str();
        attributes.push(Attribute::text("http.request.method", method));
        if let Some(original) = &self.original {
            let original = original.to_string();
            attributes.push(Attribute::text("http.request.method_original", original));
        }
        if let Some(path) = &self.path {
            // Without the query, which may say what nobody else is to know.
            let path = redact::start(path.path(), self.tracer.limits.text);
            attributes.push(Attribute::text("url.path", path.into_owned()));
        }
        attributes.push(Attribute::text("url.scheme", self.scheme));
        if route.is_named {
            attributes.push(Attribute::text("http.route", route.template()));
        }
        if let Some(code) = answered {
            let code = i64::from(code);
            attributes.push(Attribute::int("http.response.status_code", code));
        }
        if let Some(error) = error_type(answered, outcome) {
            attributes.push(Attribute::text("error.type", error));
        }
        let version = match self.version {
            Version::HTTP_09 => "0.9",
            Version::HTTP_10 => "1.0",
            Version::HTTP_2 => "2",
            Version::HTTP_3 => "3",
            _ => "1.1",
        };
        attributes.push(Attribute::text("network.protocol.version", version));
        attributes
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

/// `error.type`: the status of a server error, else what went wrong.
fn error_type(answered: Option<u16>, outcome: Outcome) -> Option<Cow<'static, str>> {
    match (outcome, answered) {
        (Outcome::Success | Outcome::ClientError, _) => None,
        (Outcome::Timeout, Some(408)) => None, // the client was too slow
        (Outcome::ServerError, Some(code @ 500..)) => Some(code.to_string().into()),
        (other, _) => Some(other.as_str().into()),
    }
}

/// What the client did wrong is no error of the server's span.
fn status(answered: Option<u16>, outcome: Outcome) -> Status {
    match error_type(answered, outcome) {
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
