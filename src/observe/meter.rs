//! The families that the library records to, resolved once for each monitoring.

#[cfg(feature = "macros")]
use std::sync::LazyLock;
use std::sync::OnceLock;

use crate::catalog;
#[cfg(feature = "macros")]
use crate::metrics::DEFAULT_CAP;
use crate::metrics::{Registry, Series};
use crate::observe::endpoint::Endpoints;
#[cfg(feature = "macros")]
use crate::observe::function::Functions;

static INSTALLED: OnceLock<&'static Meter> = OnceLock::new();

/// What the library records to.
pub(crate) struct Meter {
    pub(crate) registry: Registry,
    pub(crate) http: Http,
    pub(crate) endpoints: Endpoints,
    #[cfg(feature = "macros")]
    pub(crate) functions: Functions,
}

/// The families of the layer.
pub(crate) struct Http {
    pub(crate) requests: &'static Series,
    pub(crate) duration: &'static Series,
    pub(crate) in_flight: &'static Series,
    pub(crate) stream: &'static Series,
    pub(crate) sizes: Option<Sizes>,
}

/// The families of body sizes, which can be turned off.
pub(crate) struct Sizes {
    pub(crate) request: &'static Series,
    pub(crate) response: &'static Series,
}

impl Meter {
    /// A meter with a registry of its own. It lives as long as the process.
    pub(crate) fn new(cap: usize, sizes: bool) -> &'static Self {
        let registry = Registry::new(cap);
        let http = Http {
            requests: registry.own(catalog::HTTP_REQUESTS),
            duration: registry.own(catalog::HTTP_REQUEST_DURATION),
            in_flight: registry.own_in_flight(catalog::HTTP_REQUESTS_IN_FLIGHT),
            sizes: sizes.then(|| Sizes {
                request: registry.own(catalog::HTTP_REQUEST_SIZE),
                response: registry.own(catalog::HTTP_RESPONSE_SIZE),
            }),
            stream: registry.own(catalog::HTTP_STREAM_DURATION),
        };
        Box::leak(Box::new(Self {
            registry,
            endpoints: Endpoints::new(cap),
            http,
            #[cfg(feature = "macros")]
            functions: Functions::new(
                registry.own(catalog::REQUEST_COUNT),
                registry.own(catalog::REQUEST_LATENCY),
            ),
        }))
    }

    /// The meter of the monitoring that was initialised; before that, one that nobody scrapes.
    #[cfg(feature = "macros")]
    #[inline]
    pub(crate) fn installed() -> &'static Self {
        match INSTALLED.get() {
            Some(meter) => meter,
            None => Self::unscraped(),
        }
    }

    #[cfg(feature = "macros")]
    #[cold]
    fn unscraped() -> &'static Self {
        static UNSCRAPED: LazyLock<&'static Meter> =
            LazyLock::new(|| Meter::new(DEFAULT_CAP, true));
        &UNSCRAPED
    }

    /// Whether the process has a meter.
    pub(crate) fn is_installed() -> bool {
        INSTALLED.get().is_some()
    }

    /// Makes this the meter of the process; `false` when there is one.
    pub(crate) fn install(&'static self) -> bool {
        INSTALLED.set(self).is_ok()
    }

    /// Whether both are the same meter.
    #[inline]
    pub(crate) fn is(&self, other: &Meter) -> bool {
        std::ptr::eq(self, other)
    }
}
