//! The handles of one endpoint, resolved once, so that a request formats and hashes no label.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, OnceLock, PoisonError};

use foldhash::fast::FixedState;

use crate::label::{Method, OVERFLOW, UNMATCHED};
use crate::metrics::{AppendList, Cells, Counter, Histogram, InFlightCell, Index, resolve};
use crate::observe::meter::Meter;
#[cfg(feature = "axum")]
use crate::observe::place::{Kept, Places};
use crate::outcome::Outcome;

/// All endpoints of a meter, found by template without a lock.
pub(crate) struct Endpoints {
    index: Index<Endpoint>,
    hasher: FixedState,
    cap: usize,
    count: Mutex<usize>,
    #[cfg(feature = "axum")]
    places: Places,
    unmatched: OnceLock<&'static Endpoint>,
    overflow: OnceLock<&'static Endpoint>,
}

/// One endpoint's handles: in flight, then by method, status and outcome as they occur.
pub(crate) struct Endpoint {
    template: &'static str,
    /// Made with the first request: an endpoint that only a function names has none.
    in_flight: OnceLock<Option<&'static InFlightCell>>,
    methods: [OnceLock<ByMethod>; Method::COUNT],
    stream: OnceLock<Histogram>,
}

struct ByMethod {
    sizes: Option<Sizes>,
    statuses: AppendList<ByStatus>,
}

struct Sizes {
    request: Histogram,
    response: Histogram,
}

/// In this order: all that a request needs is on one cache line.
#[repr(C)]
struct ByStatus {
    code: u16,
    duration: Histogram,
    outcomes: [OnceLock<Counter>; Outcome::COUNT],
}

impl Endpoints {
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            index: Index::new(),
            hasher: FixedState::with_seed(RandomState::new().hash_one(0)),
            cap,
            count: Mutex::new(0),
            #[cfg(feature = "axum")]
            places: Places::new(cap),
            unmatched: OnceLock::new(),
            overflow: OnceLock::new(),
        }
    }

    /// The endpoint of a route template.
    #[inline]
    pub(crate) fn of(&self, template: &str) -> &'static Endpoint {
        let hash = self.hasher.hash_one(template);
        match self.index.find(hash, |known| known.template == template) {
            Some(known) => known,
            None => self.add(hash, template),
        }
    }

    #[cold]
    fn add(&self, hash: u64, template: &str) -> &'static Endpoint {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = self.index.find(hash, |known| known.template == template) {
            return known;
        }
        if *count >= self.cap {
            return self.overflow.get_or_init(|| Endpoint::new(OVERFLOW));
        }
        let endpoint = Endpoint::new(Box::leak(template.into()));
        self.index.insert(*count, hash, endpoint);
        *count += 1;
        endpoint
    }

    /// The endpoint of a template that stays where it is, as those of a router do. What `keep` returns keeps it there.
    #[cfg(feature = "axum")]
    #[inline]
    pub(crate) fn at(&self, template: &str, keep: impl FnOnce() -> Kept) -> &'static Endpoint {
        match self.places.find(template) {
            Some(endpoint) => endpoint,
            None => self.places.add(template, self.of(template), keep),
        }
    }

    /// The endpoint of what no route matched or named.
    #[inline]
    pub(crate) fn unmatched(&self) -> &'static Endpoint {
        self.unmatched.get_or_init(|| Endpoint::new(UNMATCHED))
    }
}

impl Endpoint {
    fn new(template: &'static str) -> &'static Self {
        Box::leak(Box::new(Self {
            template,
            in_flight: OnceLock::new(),
            methods: [const { OnceLock::new() }; Method::COUNT],
            stream: OnceLock::new(),
        }))
    }

    #[inline]
    pub(crate) fn begin(&self, meter: &'static Meter) {
        match self.in_flight.get() {
            Some(Some(cell)) => cell.begin(),
            Some(None) => {}
            None => self.begin_first(meter),
        }
    }

    #[cold]
    fn begin_first(&self, meter: &'static Meter) {
        let in_flight =
            self.in_flight
                .get_or_init(|| match meter.http.in_flight.resolve(&[self.template]) {
                    Cells::InFlight(cell) => Some(cell),
                    _ => None,
                });
        if let Some(cell) = in_flight {
            cell.begin();
        }
    }

    #[inline]
    pub(crate) fn end(&self) {
        if let Some(Some(cell)) = self.in_flight.get() {
            cell.end();
        }
    }

    /// Counts a request and its time.
    #[inline]
    pub(crate) fn count(
        &self,
        meter: &'static Meter,
        method: Method,
        code: u16,
        outcome: Outcome,
        nanoseconds: u64,
    ) {
        let statuses = &self.by_method(meter, method).statuses;
        let by_status = match statuses.iter().find(|known| known.code == code) {
            Some(known) => known,
            None => statuses.push(self.by_status(meter, method, code)),
        };
        by_status.duration.record(nanoseconds);
        match by_status.outcomes[outcome as usize].get() {
            Some(counter) => counter.inc(),
            None => self.first_outcome(by_status, meter, method, outcome).inc(),
        }
    }

    #[cold]
    fn first_outcome(
        &self,
        by_status: &ByStatus,
        meter: &'static Meter,
        method: Method,
        outcome: Outcome,
    ) -> Counter {
        *by_status.outcomes[outcome as usize].get_or_init(|| {
            let code = by_status.code.to_string();
            let labels = [method.as_str(), self.template, &code, outcome.as_str()];
            resolve(meter.http.requests, &labels)
        })
    }

    #[cold]
    fn by_status(&self, meter: &'static Meter, method: Method, code: u16) -> ByStatus {
        let labels = [method.as_str(), self.template, &code.to_string()];
        ByStatus {
            code,
            duration: resolve(meter.http.duration, &labels),
            outcomes: [const { OnceLock::new() }; Outcome::COUNT],
        }
    }

    /// Records the bytes of both bodies; `received` is `None` where they could not be seen.
    #[inline]
    pub(crate) fn sizes(
        &self,
        meter: &'static Meter,
        method: Method,
        received: Option<u64>,
        sent: u64,
    ) {
        if let Some(sizes) = &self.by_method(meter, method).sizes {
            sizes.response.record(sent);
            if let Some(received) = received {
                sizes.request.record(received);
            }
        }
    }

    /// Records the life of a stream.
    #[cold]
    pub(crate) fn stream(&self, meter: &'static Meter, nanoseconds: u64) {
        self.stream
            .get_or_init(|| resolve(meter.http.stream, &[self.template]))
            .record(nanoseconds);
    }

    #[inline]
    fn by_method(&self, meter: &'static Meter, method: Method) -> &ByMethod {
        match self.methods[method as usize].get() {
            Some(known) => known,
            None => self.first_of_method(meter, method),
        }
    }

    #[cold]
    fn first_of_method(&self, meter: &'static Meter, method: Method) -> &ByMethod {
        self.methods[method as usize].get_or_init(|| {
            let labels = [method.as_str(), self.template];
            ByMethod {
                sizes: meter.http.sizes.as_ref().map(|sizes| Sizes {
                    request: resolve(sizes.request, &labels),
                    response: resolve(sizes.response, &labels),
                }),
                statuses: AppendList::new(),
            }
        })
    }
}
