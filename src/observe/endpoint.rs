//! Endpoints, found without a lock: by their template, or by where that lies.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;

use foldhash::fast::FixedState;

use crate::label::{Method, OVERFLOW, Transport, UNMATCHED};
use crate::metrics::{Bounded, Histogram, OnceRef, leak, resolve};
use crate::observe::meter::Meter;
#[cfg(feature = "axum")]
use crate::observe::place::{Kept, Places};
use crate::observe::route::Route;

/// All endpoints of a meter, found by template without a lock.
pub(crate) struct Endpoints {
    known: Bounded<Endpoint>,
    hasher: FixedState,
    #[cfg(feature = "axum")]
    places: Places,
    unmatched: Endpoint,
    overflow: Endpoint,
}

/// One endpoint, and its methods as they occur.
pub(crate) struct Endpoint {
    template: &'static str,
    routes: [OnceRef<'static, Route>; Method::COUNT],
    /// Those of other transports than the default, where names tell them apart.
    others: OnceLock<Box<[OnceRef<'static, Route>]>>,
    stream: OnceLock<Histogram>,
}

impl Endpoints {
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            known: Bounded::new(cap),
            hasher: FixedState::with_seed(RandomState::new().hash_one(0)),
            #[cfg(feature = "axum")]
            places: Places::new(cap),
            unmatched: Endpoint::new(UNMATCHED),
            overflow: Endpoint::new(OVERFLOW),
        }
    }

    /// The endpoint of a route template.
    #[inline]
    pub(crate) fn of(&'static self, template: &str) -> &'static Endpoint {
        let hash = self.hasher.hash_one(template);
        match self.known.find(hash, |known| known.template == template) {
            Some(known) => known,
            None => self.add(hash, template),
        }
    }

    #[cold]
    fn add(&'static self, hash: u64, template: &str) -> &'static Endpoint {
        let is = |known: &Endpoint| known.template == template;
        let make = || Endpoint::new(leak(template));
        let added = self.known.add(hash, is, make, |_| {});
        added.unwrap_or(&self.overflow)
    }

    /// The endpoint of a template that stays where it is, as those of a router do. What `keep` returns keeps it there.
    #[cfg(feature = "axum")]
    #[inline]
    pub(crate) fn at(
        &'static self,
        template: &str,
        keep: impl FnOnce() -> Kept,
    ) -> &'static Endpoint {
        match self.places.find(template) {
            Some(endpoint) => endpoint,
            None => self.places.add(template, self.of(template), keep),
        }
    }

    /// The endpoint of what no route matched or named.
    #[inline]
    pub(crate) fn unmatched(&'static self) -> &'static Endpoint {
        &self.unmatched
    }
}

impl Endpoint {
    fn new(template: &'static str) -> Self {
        Self {
            template,
            routes: [const { OnceRef::new() }; Method::COUNT],
            others: OnceLock::new(),
            stream: OnceLock::new(),
        }
    }

    pub(crate) fn template(&self) -> &'static str {
        self.template
    }

    /// Whether it is an endpoint, not what no route matched.
    pub(crate) fn is_named(&self) -> bool {
        self.template != UNMATCHED
    }

    /// One of the endpoint's methods, over one of the transports.
    #[inline]
    pub(crate) fn route(
        &'static self,
        meter: &'static Meter,
        method: Method,
        transport: Transport,
    ) -> &'static Route {
        let place = match transport.index() {
            0 => &self.routes[method as usize],
            other => self.other(method, other),
        };
        match place.get() {
            Some(route) => route,
            None => self.first(place, meter, method, transport),
        }
    }

    fn other(&self, method: Method, transport: usize) -> &OnceRef<'static, Route> {
        let others = self.others.get_or_init(|| {
            let number = Method::COUNT * (Transport::COUNT - 1);
            (0..number).map(|_| OnceRef::new()).collect()
        });
        &others[(transport - 1) * Method::COUNT + method as usize]
    }

    #[cold]
    fn first(
        &'static self,
        place: &OnceRef<'static, Route>,
        meter: &'static Meter,
        method: Method,
        transport: Transport,
    ) -> &'static Route {
        place.get_or_init(|| Box::leak(Box::new(Route::new(meter, self, method, transport))))
    }

    /// The lives of the endpoint's streams.
    pub(crate) fn stream(&self, meter: &'static Meter) -> Histogram {
        let resolve = || resolve(meter.http.stream, &[self.template]);
        *self.stream.get_or_init(resolve)
    }
}
