//! The handles of one method of one endpoint, resolved once, so that a request formats and hashes no label.

use crate::label::Method;
use crate::metrics::{AppendList, Histogram, TrafficCells, resolve};
use crate::observe::endpoint::Endpoint;
use crate::observe::meter::Meter;
use crate::outcome::Outcome;

/// One method of one endpoint: what is in flight and its sizes, then times by status and outcome as they occur.
///
/// In this order: what a request needs is on one cache line.
#[repr(C, align(64))]
pub(crate) struct Route {
    pub(crate) meter: &'static Meter,
    pub(crate) method: Method,
    /// Whether it has the name of an endpoint, not that of what no route matched.
    pub(crate) is_named: bool,
    traffic: Option<&'static TrafficCells>,
    answers: AppendList<Answer>,
    endpoint: &'static Endpoint,
}

struct Answer {
    duration: Histogram,
    code: u16,
    outcome: Outcome,
}

impl Route {
    pub(crate) fn new(
        meter: &'static Meter,
        endpoint: &'static Endpoint,
        is_named: bool,
        method: Method,
    ) -> Self {
        let labels = [method.as_str(), endpoint.template()];
        Self {
            meter,
            method,
            is_named,
            traffic: meter.http.traffic.resolve(&labels).traffic(),
            answers: AppendList::new(),
            endpoint,
        }
    }

    /// A request begins.
    #[inline]
    pub(crate) fn begin(&self) {
        if let Some(traffic) = self.traffic {
            traffic.begin();
        }
    }

    /// A request that began has ended.
    #[inline]
    pub(crate) fn end(&self) {
        if let Some(traffic) = self.traffic {
            traffic.end();
        }
    }

    /// Counts a request with its time.
    #[inline]
    pub(crate) fn count(&'static self, code: u16, outcome: Outcome, nanoseconds: u64) {
        let is = |known: &&Answer| known.code == code && known.outcome == outcome;
        let answer = match self.answers.iter().find(is) {
            Some(known) => known,
            None => self.first(code, outcome),
        };
        answer.duration.record(nanoseconds);
    }

    #[cold]
    fn first(&'static self, code: u16, outcome: Outcome) -> &'static Answer {
        let status = code.to_string();
        let template = self.endpoint.template();
        let labels = [self.method.as_str(), template, &status, outcome.as_str()];
        self.answers.push(Answer {
            duration: resolve(self.meter.http.requests, &labels),
            code,
            outcome,
        })
    }

    /// Records the bytes of both bodies; `received` is `None` where they could not be seen.
    #[inline]
    pub(crate) fn sizes(&self, received: Option<u64>, sent: u64) {
        if let Some(traffic) = self.traffic {
            traffic.record(received, sent);
        }
    }

    /// Records the life of a stream.
    #[cold]
    pub(crate) fn stream(&self, nanoseconds: u64) {
        self.endpoint.stream(self.meter).record(nanoseconds);
    }
}
