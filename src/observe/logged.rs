//! The line of a request in the access log, where there is one.

use std::time::SystemTime;

use http::Request;

use crate::label::Transport;
use crate::logs::{Ended, Logs};
use crate::observe::meter::Meter;
use crate::observe::route::Route;
use crate::outcome::Outcome;
use crate::trace_context::TraceContext;

/// A request that may have a line when it ends.
pub(crate) struct Logged(Option<Begun>);

/// What is known of it from its beginning.
struct Begun {
    logs: &'static Logs,
    path: Vec<u8>,
    version: &'static str,
    /// Nanoseconds until its head, of a stream.
    until_head: Option<u64>,
}

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
    #[inline]
    pub(crate) fn of<B>(meter: &Meter, request: &Request<B>) -> Self {
        Self(match meter.logs() {
            Some(logs) if logs.access.is_any() => Some(Begun {
                logs,
                path: logs.path(request.uri().path()),
                version: Transport::of(request).version(),
                until_head: None,
            }),
            _ => None,
        })
    }

    /// The head of a stream is there, after so long.
    #[inline]
    pub(crate) fn streams(&mut self, nanoseconds: u64) {
        if let Some(begun) = &mut self.0 {
            begun.until_head = Some(nanoseconds);
        }
    }

    /// The request has ended.
    #[inline]
    pub(crate) fn end(&mut self, route: &Route, end: End) {
        if let Some(begun) = self.0.take() {
            begun.end(route, end);
        }
    }
}

impl Begun {
    fn end(self, route: &Route, end: End) {
        let ended = Ended {
            at: SystemTime::now(),
            method: route.method.as_str(),
            endpoint: route.template(),
            code: end.code,
            outcome: end.outcome,
            nanoseconds: end.time.saturating_add(self.until_head.unwrap_or(0)),
            until_head_or_end: self.until_head.unwrap_or(end.time),
            received: end.received,
            sent: end.sent,
            version: self.version,
            context: end.context,
        };
        self.logs.ended(self.path, ended);
    }
}
