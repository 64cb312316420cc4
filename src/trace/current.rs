//! What this thread works on, as far as traces go: whose spans those are that begin now.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use crate::trace::id;
use crate::trace::recording::Recording;
use crate::trace::span::{Attribute, Kind, Span, Status};
use crate::trace::tracer::Tracer;
use crate::trace_context::TraceContext;

thread_local! {
    /// Who makes the recording of the current trace when there is none: then its spans are collected.
    static TRACER: Cell<Option<&'static Tracer>> = const { Cell::new(None) };
    static RECORDING: Cell<Option<Arc<Recording>>> = const { Cell::new(None) };
}

/// What a thread works on.
#[derive(Clone, Default)]
pub(crate) struct Current {
    pub(crate) context: Option<TraceContext>,
    pub(crate) tracer: Option<&'static Tracer>,
    pub(crate) recording: Option<Arc<Recording>>,
}

impl Current {
    /// Makes this what the thread works on, and gives back what it was before.
    pub(crate) fn swap(self) -> Self {
        let before = Self {
            context: TraceContext::current(),
            tracer: TRACER.replace(self.tracer),
            recording: RECORDING
                .try_with(|kept| kept.replace(self.recording))
                .ok()
                .flatten(),
        };
        TraceContext::set_current(self.context);
        before
    }

    /// What the thread works on, for work elsewhere.
    pub(crate) fn get() -> Self {
        Self {
            context: TraceContext::current(),
            tracer: TRACER.get(),
            recording: recording(),
        }
    }
}

/// The recording that spans which begin now belong to, made if there is none so far.
pub(crate) fn recording() -> Option<Arc<Recording>> {
    let tracer = TRACER.get()?;
    let context = TraceContext::current()?;
    RECORDING
        .try_with(|kept| {
            let recording = kept.take().unwrap_or_else(|| tracer.record(context, None));
            kept.set(Some(Arc::clone(&recording)));
            recording
        })
        .ok()
}

/// Whether spans that begin now are collected.
#[inline]
pub(crate) fn is_recording() -> bool {
    TRACER.get().is_some()
}

/// A span under way.
pub(crate) struct Open {
    pub(crate) recording: Arc<Recording>,
    pub(crate) context: TraceContext,
    pub(crate) span: Span,
}

impl Open {
    /// Begins a span of what the thread works on; `None` where nothing is collected.
    pub(crate) fn begin(name: Cow<'static, str>) -> Option<Self> {
        let recording = recording()?;
        let parent = TraceContext::current()?;
        Some(Self::within(recording, parent, name))
    }

    /// Begins a span of another one.
    pub(crate) fn within(
        recording: Arc<Recording>,
        parent: TraceContext,
        name: Cow<'static, str>,
    ) -> Self {
        let context = TraceContext::new(parent.trace, id::span(), parent.is_sampled());
        let start = recording.now();
        Self {
            recording,
            context,
            span: Span {
                id: context.span,
                parent: parent.span,
                name,
                kind: Kind::Internal,
                start,
                end: start,
                attributes: Vec::new(),
                lost: 0,
                lost_events: 0,
                status: Status::Unset,
            },
        }
    }

    /// Tells something of it, unless it has been told too much.
    pub(crate) fn tell(&mut self, attribute: Attribute) {
        let most = self.recording.tracer.limits.attributes;
        let known = &mut self.span.attributes;
        match known.iter().position(|one| one.key == attribute.key) {
            Some(place) => known[place] = attribute,
            None if known.len() < most => known.push(attribute),
            None => self.span.lost += 1,
        }
    }

    /// What a thread works on that works on this.
    pub(crate) fn current(&self) -> Current {
        Current {
            context: Some(self.context),
            tracer: Some(self.recording.tracer),
            recording: Some(Arc::clone(&self.recording)),
        }
    }

    /// Ends it, so many nanoseconds after it began.
    #[cfg_attr(not(feature = "logs"), allow(dead_code))]
    pub(crate) fn end_after(mut self, nanoseconds: u64) {
        self.span.end = self.span.start.saturating_add(nanoseconds);
        self.recording.add(self.span);
    }

    /// Ends it.
    pub(crate) fn end(mut self) {
        self.span.end = self.recording.now();
        self.recording.add(self.span);
    }
}

/// A span of what the thread works on that has ended just now, after so many nanoseconds.
#[cfg_attr(not(feature = "logs"), allow(dead_code))]
pub(crate) fn has_ended(nanoseconds: u64, name: Cow<'static, str>) -> Option<Open> {
    let mut open = Open::begin(name)?;
    open.span.start = open.span.start.saturating_sub(nanoseconds);
    Some(open)
}

/// What the thread worked on before a span, until it works on that again.
#[cfg_attr(not(feature = "macros"), allow(unreachable_pub))]
pub struct Entered(Option<Current>);

impl Entered {
    /// Makes a span what the thread works on, if there is one, until this is dropped.
    #[inline]
    pub(crate) fn into(span: Option<&Open>) -> Self {
        Self(span.map(|span| span.current().swap()))
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            before.swap();
        }
    }
}
