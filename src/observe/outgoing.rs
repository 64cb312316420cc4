//! One request to another service: begun when it is sent, finished when its head is there, or when it is clear that none will come.

use http::{HeaderMap, StatusCode, Uri};

use crate::label::Method;
use crate::metrics::{FamilyCore, resolve};
use crate::observe::clock::Start;
use crate::observe::histogram_cache::HistogramCache;
use crate::redact;
use crate::trace::current::{self, Entered, Open};
use crate::trace::{Attribute, Kind, Propagators, Status, propagation};
use crate::trace_context::TraceContext;

/// Another service, under the name that this one has for it; and the times of requests to it, as they occur.
pub(crate) struct Peer {
    name: String,
    times: &'static FamilyCore,
    propagators: Propagators,
    durations: HistogramCache<(Method, End)>,
}

/// Where a request goes to, as far as that is known and nobody's secret.
pub(crate) struct Target<'a> {
    /// The scheme, the host, and the port if one is given.
    pub(crate) origin: Option<(&'a str, &'a str, Option<u16>)>,
    pub(crate) path: &'a str,
}

impl<'a> From<&'a Uri> for Target<'a> {
    fn from(uri: &'a Uri) -> Self {
        let origin = uri.scheme_str().zip(uri.host());
        Self {
            origin: origin.map(|(scheme, host)| (scheme, host, uri.port_u16())),
            path: uri.path(),
        }
    }
}

/// How a request to another service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Answered(StatusCode),
    Failed,
    Timeout,
    /// Nobody wanted to know any more.
    Cancelled,
}

impl Peer {
    pub(crate) fn new(
        name: String,
        times: &'static FamilyCore,
        propagators: Propagators,
    ) -> &'static Self {
        Box::leak(Box::new(Self {
            name,
            times,
            propagators,
            durations: HistogramCache::new(),
        }))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn count(
        &'static self,
        method: Method,
        end: End,
        nanoseconds: u64,
        trace: Option<TraceContext>,
    ) {
        let resolve = || resolve(self.times, &[method.as_str(), &self.name, &end.code()]);
        let duration = self.durations.get((method, end), resolve);
        duration.record(nanoseconds, trace.as_ref());
    }
}

impl End {
    /// The label value: the status, or what there is in place of one.
    fn code(self) -> String {
        match self {
            End::Answered(status) => status.as_u16().to_string(),
            End::Failed => "error".to_owned(),
            End::Timeout => "timeout".to_owned(),
            End::Cancelled => "cancelled".to_owned(),
        }
    }
}

/// A request to another service under way. Dropped, it is finished as cancelled; as failed when the client panicked.
pub(crate) struct Outgoing {
    peer: &'static Peer,
    method: Method,
    started: Start,
    span: Option<Box<Open>>,
    /// That of its span, or else of what it is sent for.
    context: Option<TraceContext>,
    is_finished: bool,
    /// Its client waits: what panics meanwhile is something else.
    is_waiting: bool,
}

impl Outgoing {
    pub(crate) fn start<'a>(
        peer: &'static Peer,
        asked: &http::Method,
        target: impl Into<Target<'a>>,
    ) -> Self {
        let method = Method::from(asked);
        let span = match current::is_recording() {
            true => span(peer, asked, &target.into()),
            false => None,
        };
        Self {
            peer,
            method,
            started: Start::now(),
            context: match &span {
                Some(span) => Some(span.context),
                None => TraceContext::present(),
            },
            span,
            is_finished: false,
            is_waiting: false,
        }
    }

    /// Tells the other service of the trace and of the baggage, unless the request does that already.
    pub(crate) fn send_along(&self, headers: &mut HeaderMap) {
        let own = self.span.as_ref().map(|span| span.context);
        propagation::send_along(headers, own, self.peer.propagators);
    }

    /// Makes it what this thread works on, until what is returned is dropped.
    pub(crate) fn enter(&self) -> Entered {
        Entered::into(self.span.as_deref())
    }

    /// Whether its client waits, or works.
    pub(crate) fn waits(&mut self, is_waiting: bool) {
        self.is_waiting = is_waiting;
    }

    pub(crate) fn finish(&mut self, end: End) {
        if std::mem::replace(&mut self.is_finished, true) {
            return;
        }
        let time = self.started.nanoseconds();
        self.peer.count(self.method, end, time, self.context);
        if let Some(span) = self.span.take() {
            close(*span, end);
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.is_waiting {
            self.finish(End::Failed);
        } else {
            self.finish(End::Cancelled);
        }
    }
}

// Source of what follows: OpenTelemetry's semantic conventions for HTTP client spans, version 1.

#[cold]
fn span(peer: &Peer, asked: &http::Method, target: &Target<'_>) -> Option<Box<Open>> {
    let method = Method::from(asked);
    let name = match method {
        Method::Other => "HTTP",
        method => method.as_str(),
    };
    let mut span = Open::begin(name.into())?;
    span.span.kind = Kind::Client;
    span.tell(Attribute::text("http.request.method", method.as_str()));
    if let Some(original) = Method::original(asked) {
        span.tell(Attribute::text(
            "http.request.method_original",
            original.to_owned(),
        ));
    }
    span.tell(Attribute::text("peer.service", peer.name().to_owned()));
    if let Some((scheme, host, port)) = target.origin {
        let address = host.trim_matches(&['[', ']'][..]).to_owned();
        span.tell(Attribute::text("server.address", address));
        let usual = if scheme == "https" { 443 } else { 80 };
        let known = port.unwrap_or(usual);
        span.tell(Attribute::int("server.port", i64::from(known)));
        // Without the query, and without a user's name, which may say what nobody else is to know.
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let url = format!("{scheme}://{host}{port}{}", target.path);
        let longest = span.recording.tracer.limits.text;
        let url = redact::start(&url, longest);
        span.tell(Attribute::text("url.full", url.into_owned()));
    }
    Some(Box::new(span))
}

#[cold]
fn close(mut span: Open, end: End) {
    let error = match end {
        End::Answered(status) => {
            let code = i64::from(status.as_u16());
            span.tell(Attribute::int("http.response.status_code", code));
            (code >= 400).then(|| status.as_str().to_owned())
        }
        other => Some(other.code()),
    };
    if let Some(error) = error {
        span.tell(Attribute::text("error.type", error));
        span.span.status = Status::Error("".into());
    }
    span.end();
}
