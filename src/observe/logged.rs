//! The line of a request in the access log, where there is one.

use std::time::SystemTime;

use http::Request;

use crate::label::Transport;
use crate::logs::{Ended, Visit};
use crate::observe::meter::Meter;
use crate::observe::route::Route;
use crate::outcome::Outcome;
use crate::trace_context::TraceContext;

/// A request that may have a line when it ends.
///
/// What is known of it from its beginning is in a box that is used again.
pub(crate) struct Logged(Option<Box<Visit>>);

/// What became of it.
pub(crate) struct End {
    /// The status that it counts with.
    pub(crate) code: u16,
    pub(crate) outcome: Outcome,
    /// Nanoseconds; of a stream since its head.
    pub(crate) time: u64,
    pub(crate) received: Option<u64>,
    pub(crate) sent: u64,
    pub(crate) context: Option<TraceContext>,
}

impl Logged {
    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn of<B>(meter: &Meter, request: &Request<B>) -> Self {
        Self(match meter.logs() {
            Some(logs) if logs.access.is_any() => {
                let version = Transport::of(request).version();
                Some(logs.begun(request.uri().path(), version))
            }
            _ => None,
        })
    }

    /// Whether there may be a line.
    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        self.0.is_some()
    }

    /// The head of a stream is there, after so long.
    #[inline]
    pub(crate) fn streams(&mut self, nanoseconds: u64) {
        if let Some(visit) = &mut self.0 {
            visit.until_head = Some(nanoseconds);
        }
    }

    /// The request has ended.
    pub(crate) fn end(&mut self, route: &Route, end: End) {
        let (Some(visit), Some(logs)) = (self.0.take(), route.meter.logs()) else {
            return;
        };
        let until_head = visit.until_head;
        let ended = Ended {
            at: SystemTime::now(),
            method: route.method.as_str(),
            endpoint: route.template(),
            code: end.code,
            outcome: end.outcome,
            nanoseconds: end.time.saturating_add(until_head.unwrap_or(0)),
            until_head_or_end: until_head.unwrap_or(end.time),
            received: end.received,
            sent: end.sent,
            context: end.context,
        };
        logs.ended(visit, ended);
    }
}
