//! How a trace, and what goes along with it, comes with a request and leaves with those to other services.

use std::sync::Arc;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::trace::baggage::{BAGGAGE, Baggage};
use crate::trace::current;
use crate::trace::state::{self, TRACESTATE};
use crate::trace_context::TraceContext;

/// Made once: a name given as text is parsed for each request.
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What is read from requests, and sent along with those to other services: `OTEL_PROPAGATORS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Propagators {
    pub(crate) trace_context: bool,
    pub(crate) baggage: bool,
}

impl Default for Propagators {
    fn default() -> Self {
        Self {
            trace_context: true,
            baggage: true,
        }
    }
}

/// What goes along with requests to other services besides the context of the work that they are made in.
#[derive(Clone, Default)]
pub(crate) struct Along {
    trace: Option<Arc<AsItCame>>,
    pub(crate) baggage: Baggage,
}

/// What a request said of its trace, handed on without a change.
struct AsItCame {
    /// `traceparent`, where this service makes no spans that would take its place.
    parent: Option<HeaderValue>,
    /// `tracestate`.
    state: Option<HeaderValue>,
}

impl Along {
    /// Reads it from a request. `parent` is its `traceparent` as [`parent`] reads it; `has_spans` says that this service makes its own.
    #[inline]
    pub(crate) fn of(
        headers: &HeaderMap,
        parent: Option<TraceContext>,
        has_spans: bool,
        propagators: Propagators,
    ) -> Self {
        let has_baggage = propagators.baggage && headers.contains_key(&BAGGAGE);
        if parent.is_none() && !has_baggage {
            return Self::default();
        }
        Self {
            trace: parent.and_then(|_| AsItCame::of(headers, has_spans)),
            baggage: match has_baggage {
                true => Baggage::read(headers),
                false => Baggage::default(),
            },
        }
    }

    /// The same trace with other baggage.
    pub(crate) fn with(&self, baggage: Baggage) -> Self {
        Self {
            trace: self.trace.clone(),
            baggage,
        }
    }

    /// This, and of what there is none in it, that.
    pub(crate) fn or(self, other: &Self) -> Self {
        Self {
            trace: self.trace.or_else(|| other.trace.clone()),
            baggage: match self.baggage.is_empty() {
                true => other.baggage.clone(),
                false => self.baggage,
            },
        }
    }

    /// What the systems before this one said of the trace.
    pub(crate) fn state(&self) -> Option<&HeaderValue> {
        self.trace.as_ref()?.state.as_ref()
    }

    /// Whether there is anything.
    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        self.trace.is_some() || !self.baggage.is_empty()
    }
}

impl AsItCame {
    fn of(headers: &HeaderMap, has_spans: bool) -> Option<Arc<Self>> {
        let parent = headers.get(&TRACEPARENT).filter(|_| !has_spans).cloned();
        let state = state::read(headers);
        let is_any = parent.is_some() || state.is_some();
        is_any.then(|| Arc::new(Self { parent, state }))
    }
}

/// Reads whose trace a request belongs to. Two headers of one name are as good as none.
#[inline]
pub(crate) fn parent(headers: &HeaderMap, propagators: Propagators) -> Option<TraceContext> {
    if !propagators.trace_context {
        return None;
    }
    let parent = headers.get(&TRACEPARENT)?;
    match headers.get_all(&TRACEPARENT).iter().nth(1) {
        None => TraceContext::from_traceparent(parent),
        Some(_) => None,
    }
}

/// Tells another service of the trace and of the baggage, each unless the request does that already.
///
/// `own` is the context of the span that was made for the request, if one was.
pub(crate) fn send_along(
    headers: &mut HeaderMap,
    own: Option<TraceContext>,
    propagators: Propagators,
) {
    let along = current::along();
    if propagators.trace_context && !headers.contains_key(&TRACEPARENT) {
        let came = along.trace.as_ref().filter(|_| own.is_none());
        let parent = came.and_then(|came| came.parent.clone()).or_else(|| {
            let context = own.or_else(TraceContext::current)?;
            HeaderValue::try_from(context.traceparent()).ok()
        });
        if let Some(parent) = parent {
            headers.insert(&TRACEPARENT, parent);
            if let Some(state) = along.state() {
                headers.insert(&TRACESTATE, state.clone());
            }
        }
    }
    if propagators.baggage && !headers.contains_key(&BAGGAGE) {
        if let Some(list) = along.baggage.list() {
            headers.insert(&BAGGAGE, list.clone());
        }
    }
}
