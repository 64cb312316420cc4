//! Endpoints, found without a lock: by their template, or by where that lies.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, OnceLock, PoisonError};

use foldhash::fast::FixedState;

use crate::label::{Method, OVERFLOW, UNMATCHED};
use crate::metrics::{Histogram, Index, resolve};
use crate::observe::meter::Meter;
#[cfg(feature = "axum")]
use crate::observe::place::{Kept, Places};
use crate::observe::route::Route;

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

/// One endpoint, and its methods as they occur.
pub(crate) struct Endpoint {
    template: &'static str,
    is_named: bool,
    routes: [OnceLock<&'static Route>; Method::COUNT],
    stream: OnceLock<Histogram>,
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
            is_named: template != UNMATCHED,
            routes: [const { OnceLock::new() }; Method::COUNT],
            stream: OnceLock::new(),
        }))
    }

    pub(crate) fn template(&self) -> &'static str {
        self.template
    }

    /// One of the endpoint's methods.
    #[inline]
    pub(crate) fn route(&'static self, meter: &'static Meter, method: Method) -> &'static Route {
        match self.routes[method as usize].get() {
            Some(route) => route,
            None => self.first_of_method(meter, method),
        }
    }

    #[cold]
    fn first_of_method(&'static self, meter: &'static Meter, method: Method) -> &'static Route {
        self.routes[method as usize]
            .get_or_init(|| Box::leak(Box::new(Route::new(meter, self, self.is_named, method))))
    }

    /// The lives of the endpoint's streams.
    pub(crate) fn stream(&self, meter: &'static Meter) -> Histogram {
        let resolve = || resolve(meter.http.stream, &[self.template]);
        *self.stream.get_or_init(resolve)
    }
}
