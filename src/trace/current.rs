//! What this thread works on, as far as traces go: whose spans those are that begin now.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use crate::trace::baggage::Baggage;
use crate::trace::id;
use crate::trace::propagation::Along;
use crate::trace::recording::Recording;
use crate::trace::span::{Attribute, Kind, Span, Status};
use crate::trace::tracer::Tracer;
use crate::trace_context::TraceContext;

thread_local! {
    /// Who makes the recording of the current trace when there is none: then its spans are collected.
    static TRACER: Cell<Option<&'static Tracer>> = const { Cell::new(None) };
    static RECORDING: Cell<Option<Arc<Recording>>> = const { Cell::new(None) };
    static ALONG: Cell<Option<Along>> = const { Cell::new(None) };
    /// Whether there is anything in the cell above, which costs more to look at since it has to be dropped with the thread.
    static IS_ANY_ALONG: Cell<bool> = const { Cell::new(false) };
}

/// What a thread works on.
#[derive(Clone, Default)]
pub(crate) struct Current {
    pub(crate) context: Option<TraceContext>,
    pub(crate) tracer: Option<&'static Tracer>,
    pub(crate) recording: Option<Arc<Recording>>,
    pub(crate) along: Along,
}

impl Current {
    /// Makes this what the thread works on, and gives back what it was before.
    pub(crate) fn swap(self) -> Self {
        let before = Self {
            context: TraceContext::present(),
            tracer: TRACER.replace(self.tracer),
            recording: RECORDING
                .try_with(|kept| kept.replace(self.recording))
                .ok()
                .flatten(),
            along: replace_along(self.along),
        };
        TraceContext::set_current(self.context);
        before
    }

    /// What the thread works on, for work elsewhere.
    pub(crate) fn get() -> Self {
        Self {
            context: TraceContext::present(),
            tracer: TRACER.get(),
            recording: recording(),
            along: along(),
        }
    }
}

/// What goes along with requests to other services that begin now.
#[inline]
pub(crate) fn along() -> Along {
    if !is_any_along() {
        return Along::default();
    }
    let along = ALONG.try_with(|kept| {
        let along = kept.take();
        kept.set(along.clone());
        along
    });
    along.ok().flatten().unwrap_or_default()
}

/// Whether anything goes along.
#[inline]
pub(crate) fn is_any_along() -> bool {
    IS_ANY_ALONG.get()
}

/// From now on this goes along; gives back what did before.
#[inline]
pub(crate) fn replace_along(along: Along) -> Along {
    let is_any = along.is_any();
    if IS_ANY_ALONG.replace(is_any) || is_any {
        let before = ALONG.try_with(|kept| kept.replace(Some(along)));
        return before.ok().flatten().unwrap_or_default();
    }
    Along::default()
}

/// The thread works with other baggage until this is dropped.
pub(crate) struct Carrying(Option<Along>);

impl Carrying {
    pub(crate) fn begin(baggage: Baggage) -> Self {
        Self(Some(replace_along(along().with(baggage))))
    }
}

impl Drop for Carrying {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            replace_along(before);
        }
    }
}

/// The recording that spans which begin now belong to, made if there is none so far.
pub(crate) fn recording() -> Option<Arc<Recording>> {
    let tracer = TRACER.get()?;
    let context = TraceContext::present()?;
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
    /// What went along when it began.
    along: Along,
    pub(crate) span: Span,
}

impl Open {
    /// Begins a span of what the thread works on; `None` where nothing is collected.
    pub(crate) fn begin(name: Cow<'static, str>) -> Option<Self> {
        let recording = recording()?;
        let parent = TraceContext::present()?;
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
            along: along(),
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
        let now = TraceContext::present();
        Current {
            context: Some(self.context),
            tracer: Some(self.recording.tracer),
            recording: Some(Arc::clone(&self.recording)),
            // In its own trace that stays as it is: the span may have been made before there was more.
            along: match now {
                Some(now) if now.trace == self.context.trace => along(),
                Some(_) => self.along.clone(),
                None => along().or(&self.along),
            },
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

impl Entered {
    /// Makes this what the thread works on, until what is returned is dropped.
    #[cfg_attr(not(feature = "traces"), allow(dead_code))]
    pub(crate) fn to(current: Current) -> Self {
        Self(Some(current.swap()))
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
