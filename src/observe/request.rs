//! One request: begun when the layer is called, finished exactly once, whatever happens to it.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::Request as HttpRequest;
use http::StatusCode;

use crate::label::Method;
use crate::observe::clock::Start;

use crate::observe::endpoint::Endpoint;
use crate::observe::logged::{End, Logged};
use crate::observe::meter::Meter;
use crate::observe::route::Route;
use crate::observe::scope::{self, Before, Said};
use crate::observe::traced::Traced;
use crate::outcome::{CLIENT_CLOSED_REQUEST, Outcome};

/// One request under way. Dropped, it is finished as cancelled (before its head) or aborted (after), also while another
/// request of the same task panics.
pub(crate) struct Request {
    route: &'static Route,
    trace: Traced,
    log: Logged,
    /// When the request began; once it is a stream, when the stream did.
    started: Start,
    /// Counts the bytes of the request's body as they are read, where it has one.
    received: Option<Arc<AtomicU64>>,
    sent: u64,
    /// What functions said while there was no head. In a box, since most end when the head is there.
    said: Option<Box<Said>>,
    status: Option<StatusCode>,
    /// A monitored function panicked.
    panicked: bool,
    /// The gauge waits for the endpoint's name.
    pending: bool,
    stream: Stream,
    /// Its body's bytes are not to be seen.
    is_body_unseen: bool,
    /// The response body has given all that was announced: a server may drop it now.
    is_all_sent: bool,
    finished: bool,
}

// It is moved from call to future to body: what is larger is moved by a call, and the response with it by a slower one.
#[cfg(all(test, target_pointer_width = "64"))]
const _: () = assert!(size_of::<Request>() <= 112);

/// Whether the request became a stream: then it is counted already, and its life is measured apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    No,
    /// Nothing sees its end.
    Unseen,
    Seen,
}

/// What is known of the bytes of the request's body.
pub(crate) enum Received {
    /// There are none.
    Nothing,
    /// Counted as they are read.
    #[cfg_attr(not(feature = "axum"), allow(dead_code))]
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

impl Request {
    /// Begins a request. `pending` says that something inside may still name the endpoint, so that
    /// the gauge does not count it as unmatched until then.
    #[inline]
    pub(crate) fn start<B>(
        meter: &'static Meter,
        request: &HttpRequest<B>,
        received: Received,
        endpoint: Option<&'static Endpoint>,
        pending: bool,
    ) -> Self {
        let method = Method::from(request.method());
        let transport = meter.http.transport(request);
        let endpoint = endpoint.unwrap_or_else(|| meter.endpoints.unmatched());
        let route = endpoint.route(meter, method, transport);
        let pending = pending && !route.is_named;
        match meter.has_logs() || Traced::may_be(meter, request) {
            true => Self::told(meter, request, route, received, pending),
            false => Self::begun(route, received, pending), // nothing is put in its place later, as that costs moves
        }
    }

    /// Begins one that has a trace, or may have a line in the log.
    #[inline(never)]
    fn told<B>(
        meter: &'static Meter,
        request: &HttpRequest<B>,
        route: &'static Route,
        received: Received,
        pending: bool,
    ) -> Self {
        let trace = Traced::of(meter, request);
        let log = Logged::of(meter, request);
        let mut begun = Self::begun(route, received, pending);
        (begun.trace, begun.log) = (trace, log);
        begun.trace.began();
        begun
    }

    #[inline]
    fn begun(route: &'static Route, received: Received, pending: bool) -> Self {
        // Last of all: what is begun ends with the request, which there is only from here on.
        if !pending {
            route.begin();
        }
        let started = Start::now();
        let (received, is_body_unseen) = match received {
            Received::Nothing => (None, false),
            Received::Counted(bytes) => (Some(bytes), false),
            Received::Unknown => (None, true),
        };
        Self {
            route,
            trace: Traced::NONE,
            log: Logged::NONE,
            started,
            received,
            sent: 0,
            said: None,
            panicked: false,
            status: None,
            pending,
            stream: Stream::No,
            is_body_unseen,
            is_all_sent: false,
            finished: false,
        }
    }

    #[inline]
    pub(crate) fn method(&self) -> Method {
        self.route.method
    }

    /// Makes this the thread's request until [`Working::leave`].
    #[inline(never)]
    pub(crate) fn enter(&mut self) -> Working<'_> {
        let other = scope::enter(self.route);
        if other.is_some() || self.said.is_some() || self.trace.is_any() {
            return self.enter_with(other);
        }
        Working {
            before: Before::default(),
            request: self,
        }
    }

    #[inline(never)]
    fn enter_with(&mut self, other: Option<&'static Route>) -> Working<'_> {
        Working {
            before: scope::enter_with(other, self.said.as_deref(), &mut self.trace),
            request: self,
        }
    }

    /// Is no longer the thread's request.
    #[inline]
    fn leave(&mut self, before: Before) {
        match before.is_any() || scope::is_changed() || self.trace.is_any() {
            true => self.leave_to(before),
            false => scope::leave(),
        }
    }

    #[inline(never)]
    fn leave_to(&mut self, before: Before) {
        if scope::is_changed() {
            self.hear();
        }
        scope::leave();
        scope::leave_to(before, &mut self.trace);
    }

    /// Takes in what was said by those who worked for it.
    #[inline(never)]
    fn hear(&mut self) {
        let (named, said) = scope::hear();
        self.panicked |= said.panicked;
        match (self.status, &mut self.said) {
            (Some(status), _) => {
                said.count_functions(self.route.method, status.as_u16(), &self.trace);
                self.said = None;
            }
            (None, Some(kept)) => **kept = said,
            (None, kept) => *kept = said.of_functions().map(Box::new),
        }
        if let Some(endpoint) = named {
            self.named(endpoint);
        }
    }

    /// Moves the request in the gauge to the endpoint that was named.
    #[inline]
    fn named(&mut self, endpoint: &'static Endpoint) {
        let Route {
            meter,
            method,
            transport,
            ..
        } = *self.route;
        let route = endpoint.route(meter, method, transport);
        route.begin();
        if !self.pending {
            self.route.unbegin();
        }
        self.pending = false;
        self.route = route;
    }

    /// The head of the response is there.
    #[inline]
    pub(crate) fn answered(&mut self, status: StatusCode, head: Head) {
        self.status = Some(status);
        if head != Head::Body {
            // Of an upgraded connection nobody learns how it ended.
            self.is_all_sent = head == Head::Upgrade;
            let time = self.count(self.unless_panicked(Outcome::of_status(status)));
            self.trace.streams(time);
            self.log.streams(time);
            self.started = Start::now();
            self.stream = match head {
                Head::Events => Stream::Seen,
                _ => Stream::Unseen,
            };
        }
    }

    /// From now on somebody holds this request for as long as the upgraded connection lives.
    #[cfg(feature = "server")]
    pub(crate) fn see_life(&mut self) {
        self.stream = Stream::Seen;
    }

    /// Bytes of the body were handed to the server.
    #[inline]
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(bytes as u64);
    }

    /// How many bytes of the body were handed to the server.
    #[inline]
    pub(crate) fn bytes_sent(&self) -> u64 {
        self.sent
    }

    /// The body has given as many bytes as were announced. Dropped from now on, it was sent to its end.
    #[inline]
    pub(crate) fn all_is_sent(&mut self) {
        self.is_all_sent = true;
    }

    /// The body was sent to its end. `grpc` is the status that a gRPC call ended with.
    #[inline]
    pub(crate) fn completed(&mut self, grpc: Option<u16>) {
        let outcome = match (grpc, self.status) {
            // A call that HTTP itself refused has no status of its own.
            (Some(code), Some(status)) if status.is_success() => Outcome::of_grpc(code),
            (_, Some(status)) => Outcome::of_status(status),
            (_, None) => Outcome::Success,
        };
        self.finish(self.unless_panicked(outcome));
    }

    /// The service or its body failed.
    pub(crate) fn failed(&mut self, outcome: Outcome) {
        let answered = self.status;
        if answered.is_none() {
            let code = match outcome {
                Outcome::Timeout => StatusCode::GATEWAY_TIMEOUT,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            self.status = Some(code);
        }
        self.finish_after(answered, outcome);
    }

    /// A panic that something inside turned into a server error is still one.
    #[inline]
    fn unless_panicked(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::ServerError if self.panicked => Outcome::Panic,
            other => other,
        }
    }

    fn finish(&mut self, outcome: Outcome) {
        self.finish_after(self.status, outcome);
    }

    /// Finishes it. `answered` is the status that the client was sent, which is not always the one that it counts with.
    fn finish_after(&mut self, answered: Option<StatusCode>, outcome: Outcome) {
        if self.finished {
            return;
        }
        self.finished = true;
        let time = match self.stream {
            Stream::No => self.count(outcome),
            _ => self.end_stream(),
        };
        let answered = answered.map(|status| status.as_u16());
        self.trace.end(self.route, answered, outcome, time);
        if let Some(said) = self.said.take() {
            said.count_functions(self.route.method, self.code(outcome), &self.trace);
        }
        let received = self.bytes_received();
        self.route.end(received, self.sent, !self.pending);
        if self.log.is_any() {
            self.write_line(outcome, time, received);
        }
    }

    #[inline(never)]
    fn write_line(&mut self, outcome: Outcome, time: u64, received: Option<u64>) {
        let end = End {
            code: self.code(outcome),
            outcome,
            time,
            received,
            sent: self.sent,
            context: self.trace.context(),
        };
        self.log.end(self.route, end);
    }

    /// How many bytes of the request's body were read; `None` where that is not to be seen.
    ///
    /// Nothing of it is left to drop then: a panic of the service keeps the request from being dropped.
    #[inline]
    fn bytes_received(&mut self) -> Option<u64> {
        match self.received.take() {
            Some(bytes) => Some(bytes.load(Ordering::Relaxed)),
            None => (!self.is_body_unseen).then_some(0),
        }
    }

    /// Records the life of a stream, which it gives back.
    #[cold]
    fn end_stream(&self) -> u64 {
        let life = self.started.nanoseconds();
        if self.stream == Stream::Seen {
            self.route.stream(life);
        }
        life
    }

    /// Counts the request with its time until now, which it gives back: the one place where that happens.
    #[inline]
    fn count(&mut self, outcome: Outcome) -> u64 {
        let time = self.started.nanoseconds();
        self.trace.decide(outcome, time);
        self.route
            .count(self.code(outcome), outcome, time, self.trace.exemplar());
        time
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
}

impl Request {
    /// Finishes it where nothing else did. Its own panic has (see [`Working`]): one that unwinds now belongs to other work of the same task.
    #[inline(never)]
    fn given_up(&mut self) {
        match self.status {
            Some(_) if self.is_all_sent => self.completed(None),
            _ if self.route.meter.is_cutting_off() => self.failed(Outcome::Timeout),
            Some(_) => self.finish(Outcome::Aborted),
            None => self.finish(Outcome::Cancelled),
        }
    }
}

impl Drop for Request {
    #[inline]
    fn drop(&mut self) {
        if !self.finished {
            self.given_up();
        }
    }
}

/// A request that is this thread's until [`leave`](Self::leave).
///
/// Dropped without that, the work for the request panicked: it is finished as such, and the panic goes on.
pub(crate) struct Working<'a> {
    request: &'a mut Request,
    before: Before,
}

// Neither this nor `enter` is generic or inlined: within one crate thread-local storage is reached without a call.
impl Working<'_> {
    /// Ends it. `head` is the status that the client gets, where that is known by now.
    #[inline(never)]
    pub(crate) fn leave(self, head: Option<StatusCode>) {
        let mut this = ManuallyDrop::new(self);
        if head.is_some() {
            this.request.status = head;
        }
        let before = std::mem::take(&mut this.before);
        this.request.leave(before);
    }
}

impl Drop for Working<'_> {
    #[cold]
    fn drop(&mut self) {
        let before = std::mem::take(&mut self.before);
        self.request.leave(before);
        self.request.finish(Outcome::Panic);
        // Nobody drops a request whose service panics when it is called, so nothing may be left in it.
        self.request.trace = Traced::NONE;
    }
}
