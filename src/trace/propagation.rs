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
///
/// A pointer, since every request has it and few have anything in it.
#[derive(Clone, Default)]
pub(crate) struct Along(Option<Arc<Carried>>);

#[derive(Default)]
struct Carried {
    /// `traceparent` as it came, where this service makes no spans that would take its place.
    parent: Option<HeaderValue>,
    /// `tracestate` as it came.
    state: Option<HeaderValue>,
    baggage: Baggage,
}

impl Along {
    pub(crate) const NOTHING: Self = Self(None);

    /// Reads it from a request. `parent` is its `traceparent` as [`parent`] reads it; `has_spans` says that this service makes its own.
    #[inline]
    pub(crate) fn of(
        headers: &HeaderMap,
        parent: Option<TraceContext>,
        has_spans: bool,
        propagators: Propagators,
    ) -> Self {
        let has_baggage = propagators.baggage && headers.contains_key(&BAGGAGE);
        match parent.is_none() && !has_baggage {
            true => Self::default(),
            false => Self::read(headers, parent.is_some(), has_baggage, has_spans),
        }
    }

    #[inline(never)]
    fn read(headers: &HeaderMap, has_parent: bool, has_baggage: bool, has_spans: bool) -> Self {
        let mut carried = Carried::default();
        if has_parent {
            carried.parent = headers.get(&TRACEPARENT).filter(|_| !has_spans).cloned();
            carried.state = state::read(headers);
        }
        if has_baggage {
            carried.baggage = Baggage::read(headers);
        }
        carried.into()
    }

    /// The same trace with other baggage.
    pub(crate) fn with(&self, baggage: Baggage) -> Self {
        let (parent, state) = (self.parent().cloned(), self.state().cloned());
        Carried {
            parent,
            state,
            baggage,
        }
        .into()
    }

    /// This, and of what there is none in it, that.
    pub(crate) fn or(self, other: &Self) -> Self {
        if !self.is_any() {
            return other.clone();
        }
        if !other.is_any() {
            return self;
        }
        let trace = match self.parent().or(self.state()) {
            Some(_) => &self,
            None => other,
        };
        let baggage = match self.baggage() {
            Some(own) => Some(own),
            None => other.baggage(),
        };
        trace.with(baggage.cloned().unwrap_or_default())
    }

    fn parent(&self) -> Option<&HeaderValue> {
        self.0.as_ref()?.parent.as_ref()
    }

    /// What the systems before this one said of the trace.
    pub(crate) fn state(&self) -> Option<&HeaderValue> {
        self.0.as_ref()?.state.as_ref()
    }

    /// What others said that is to be known of the work, if they said something.
    pub(crate) fn baggage(&self) -> Option<&Baggage> {
        let carried = self.0.as_ref()?;
        Some(&carried.baggage).filter(|baggage| !baggage.is_empty())
    }

    /// Whether there is anything.
    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        self.0.is_some()
    }
}

impl From<Carried> for Along {
    fn from(carried: Carried) -> Self {
        let is_any =
            carried.parent.is_some() || carried.state.is_some() || !carried.baggage.is_empty();
        Self(is_any.then(|| Arc::new(carried)))
    }
}

/// Whether a request says something of a trace, or has baggage.
#[inline]
pub(crate) fn is_any(headers: &HeaderMap, propagators: Propagators) -> bool {
    (propagators.trace_context && headers.contains_key(&TRACEPARENT))
        || (propagators.baggage && headers.contains_key(&BAGGAGE))
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
        let came = along.parent().filter(|_| own.is_none());
        let parent = came.cloned().or_else(|| {
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
        if let Some(list) = along.baggage().and_then(Baggage::list) {
            headers.insert(&BAGGAGE, list.clone());
        }
    }
}
