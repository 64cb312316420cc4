//! Stands for the access log where there is none.

use crate::observe::meter::Meter;
use crate::observe::route::Route;
use crate::outcome::Outcome;
use crate::trace_context::TraceContext;

/// Nothing.
pub(crate) struct Logged;

/// What became of a request.
#[allow(dead_code)]
pub(crate) struct End {
    /// The status that it counts with.
    pub(crate) code: u16,
    pub(crate) outcome: Outcome,
    pub(crate) time: u64,
    pub(crate) received: Option<u64>,
    pub(crate) sent: u64,
    pub(crate) context: Option<TraceContext>,
}

impl Logged {
    pub(crate) const NONE: Self = Self;

    #[inline]
    pub(crate) fn of<B>(_: &Meter, _: &http::Request<B>) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn streams(&mut self, _: u64) {}

    #[inline]
    pub(crate) fn end(&mut self, _: &Route, _: End) {}
}
