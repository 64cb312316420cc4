//! One request: begun when the layer is called, finished exactly once, whatever happens to it.

#[cfg(feature = "axum")]
use std::sync::Arc;
#[cfg(feature = "axum")]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::StatusCode;

use crate::label::Method;
use crate::metrics::nanoseconds;
use crate::observe::endpoint::Endpoint;
use crate::observe::meter::Meter;
use crate::observe::scope::{Entered, Scope};
use crate::outcome::{CLIENT_CLOSED_REQUEST, Outcome};

/// One request under way. Dropped, it is finished as cancelled (before its head) or aborted (after).
pub(crate) struct Request {
    scope: Scope,
    method: Method,
    /// The endpoint whose gauge counts this request.
    in_flight: Option<&'static Endpoint>,
    started: Instant,
    received: Received,
    sent: u64,
    status: Option<StatusCode>,
    /// Since when it is a stream: it is counted already, and its life is measured apart.
    stream: Option<Instant>,
    life_is_seen: bool,
    finished: bool,
}

/// What is known of the bytes of the request's body.
pub(crate) enum Received {
    /// So many: none, or what the head declares.
    Known(u64),
    /// Counted as they are read.
    #[cfg(feature = "axum")]
    Counted(Arc<AtomicU64>),
    /// Not to be seen.
    Unknown,
}

/// What a response's head says about what follows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    /// A body whose end is the end of the request.
    Body,
    /// Events without an end in view.
    Events,
    /// The connection becomes something else.
    Upgrade,
}

impl Received {
    fn bytes(&self) -> Option<u64> {
        match self {
            Received::Known(bytes) => Some(*bytes),
            #[cfg(feature = "axum")]
            Received::Counted(bytes) => Some(bytes.load(Ordering::Relaxed)),
            Received::Unknown => None,
        }
    }
}

impl Request {
    /// Begins a request. `pending` says that something inside may still name the endpoint, so that
    /// the gauge does not count it as unmatched until then.
    #[inline]
    pub(crate) fn start(
        meter: &'static Meter,
        method: Method,
        endpoint: Option<&'static Endpoint>,
        pending: bool,
        received: Received,
    ) -> Self {
        let started = Instant::now();
        let in_flight = match endpoint {
            None if !pending => Some(meter.endpoints.unmatched(&meter.http)),
            known => known,
        };
        if let Some(endpoint) = in_flight {
            endpoint.begin();
        }
        Self {
            scope: Scope::new(meter, Some(method), endpoint),
            method,
            in_flight,
            started,
            received,
            sent: 0,
            status: None,
            stream: None,
            life_is_seen: false,
            finished: false,
        }
    }

    /// Makes this the thread's request for the time of `work`.
    ///
    /// When `work` panics the request is finished as such, and the panic goes on.
    #[inline]
    pub(crate) fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let mut unwinding = Unwinding {
            request: self,
            armed: true,
        };
        let entered = Entered::new(&mut unwinding.request.scope);
        let result = work();
        drop(entered);
        unwinding.armed = false;
        let request = &mut *unwinding.request;
        if request.in_flight.map(std::ptr::from_ref)
            != request.scope.endpoint.map(std::ptr::from_ref)
        {
            request.named();
        }
        result
    }

    /// Moves the request in the gauge to the endpoint that was named.
    fn named(&mut self) {
        if let Some(endpoint) = self.scope.endpoint {
            endpoint.begin();
            if let Some(before) = self.in_flight.replace(endpoint) {
                before.end();
            }
        }
    }

    /// The head of the response is there.
    #[inline]
    pub(crate) fn answered(&mut self, status: StatusCode, head: Head) {
        self.status = Some(status);
        self.count_functions(status.as_u16());
        if head != Head::Body {
            self.count(self.unless_panicked(Outcome::of_status(status)));
            self.stream = Some(Instant::now());
            self.life_is_seen = head == Head::Events;
        }
    }

    /// From now on somebody holds this request for as long as the upgraded connection lives.
    #[cfg(feature = "server")]
    pub(crate) fn see_life(&mut self) {
        self.life_is_seen = true;
    }

    /// Bytes of the body were handed to the server.
    #[inline]
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(bytes as u64);
    }

    /// How many bytes of the body were handed to the server.
    pub(crate) fn bytes_sent(&self) -> u64 {
        self.sent
    }

    /// The body was sent to its end. `grpc` is the status that a gRPC call ended with.
    #[inline]
    pub(crate) fn completed(mut self, grpc: Option<u16>) {
        let outcome = match (grpc, self.status) {
            // A call that HTTP itself refused has no status of its own.
            (Some(code), Some(status)) if status.is_success() => Outcome::of_grpc(code),
            (_, Some(status)) => Outcome::of_status(status),
            (_, None) => Outcome::Success,
        };
        self.finish(self.unless_panicked(outcome));
    }

    /// The service or its body failed.
    pub(crate) fn failed(mut self, outcome: Outcome) {
        if self.status.is_none() {
            let code = match outcome {
                Outcome::Timeout => StatusCode::GATEWAY_TIMEOUT,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            self.status = Some(code);
        }
        self.finish(outcome);
    }

    /// A panic that something inside turned into a server error is still one.
    #[inline]
    fn unless_panicked(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::ServerError if self.scope.panicked => Outcome::Panic,
            other => other,
        }
    }

    #[inline]
    fn finish(&mut self, outcome: Outcome) {
        if self.finished {
            return;
        }
        self.finished = true;
        let (meter, endpoint) = (self.scope.meter, self.endpoint());
        match self.stream {
            None => self.count(outcome),
            Some(since) if self.life_is_seen => {
                endpoint.stream(meter, nanoseconds(since.elapsed()));
            }
            Some(_) => {}
        }
        self.count_functions(self.code(outcome));
        endpoint.sizes(meter, self.method, self.received.bytes(), self.sent);
        if let Some(endpoint) = self.in_flight {
            endpoint.end();
        }
    }

    /// Counts the request with its time until now: the one place where that happens.
    #[inline]
    fn count(&self, outcome: Outcome) {
        let time = nanoseconds(self.started.elapsed());
        let (meter, code) = (self.scope.meter, self.code(outcome));
        self.endpoint()
            .count(meter, self.method, code, outcome, time);
    }

    /// The status that the client got, or that stands for there being none.
    #[inline]
    fn code(&self, outcome: Outcome) -> u16 {
        match (self.status, outcome) {
            (Some(status), _) => status.as_u16(),
            (None, Outcome::Panic) => 500,
            (None, _) => CLIENT_CLOSED_REQUEST,
        }
    }

    /// Counts the functions that ended with the status that the client gets.
    #[inline]
    fn count_functions(&mut self, code: u16) {
        #[cfg(feature = "macros")]
        for function in self.scope.ended.iter_mut().filter_map(Option::take) {
            function.count(self.scope.meter, self.method, code);
        }
        #[cfg(not(feature = "macros"))]
        let _ = code;
    }

    #[inline]
    fn endpoint(&self) -> &'static Endpoint {
        let meter = self.scope.meter;
        match self.scope.endpoint {
            Some(endpoint) => endpoint,
            None => meter.endpoints.unmatched(&meter.http),
        }
    }
}

impl Drop for Request {
    #[inline]
    fn drop(&mut self) {
        if !self.finished {
            let outcome = match self.status {
                Some(_) => Outcome::Aborted,
                None => Outcome::Cancelled,
            };
            self.finish(outcome);
        }
    }
}

/// Finishes the request when the work inside it panics.
struct Unwinding<'a> {
    request: &'a mut Request,
    armed: bool,
}

impl Drop for Unwinding<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.armed {
            self.request.finish(Outcome::Panic);
        }
    }
}
