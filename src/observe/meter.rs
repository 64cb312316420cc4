//! The families that the library records to, resolved once for each monitoring.

#[cfg(feature = "macros")]
use std::sync::LazyLock;
use std::sync::OnceLock;

use crate::catalog;
#[cfg(feature = "macros")]
use crate::metrics::DEFAULT_CAP;
use crate::metrics::{Part, Registry, Series, Shape, own_shape};
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

/// What the layer records to.
pub(crate) struct Http {
    /// Times by method, endpoint, status and outcome: the counter and the histogram.
    pub(crate) requests: &'static Series,
    /// What is in flight, and the sizes of bodies, by method and endpoint.
    pub(crate) traffic: &'static Series,
    pub(crate) stream: &'static Series,
}

impl Http {
    fn new(registry: Registry, sizes: bool) -> Self {
        let size = match own_shape(&catalog::HTTP_REQUEST_SIZE) {
            Shape::Histogram(layout) if sizes => Some(layout),
            _ => None,
        };
        let traffic = [
            (catalog::HTTP_REQUESTS_IN_FLIGHT, Part::UnderWay),
            (catalog::HTTP_REQUEST_SIZE, Part::Received),
            (catalog::HTTP_RESPONSE_SIZE, Part::Sent),
        ];
        let shown = if sizes { 3 } else { 1 };
        Self {
            requests: registry.own_views(
                own_shape(&catalog::HTTP_REQUEST_DURATION),
                catalog::HTTP_REQUESTS.label_names(),
                &[
                    (catalog::HTTP_REQUESTS, Part::Count),
                    (catalog::HTTP_REQUEST_DURATION, Part::Whole),
                ],
            ),
            traffic: registry.own_views(
                Shape::Traffic(size),
                catalog::HTTP_REQUEST_SIZE.label_names(),
                &traffic[..shown],
            ),
            stream: registry.own(catalog::HTTP_STREAM_DURATION),
        }
    }
}

impl Meter {
    /// A meter with a registry of its own. It lives as long as the process.
    pub(crate) fn new(cap: usize, sizes: bool) -> &'static Self {
        let registry = Registry::new(cap);
        Box::leak(Box::new(Self {
            registry,
            endpoints: Endpoints::new(cap),
            http: Http::new(registry, sizes),
            #[cfg(feature = "macros")]
            functions: Functions::new(registry.own_views(
                own_shape(&catalog::REQUEST_LATENCY),
                catalog::REQUEST_COUNT.label_names(),
                &[
                    (catalog::REQUEST_COUNT, Part::Count),
                    (catalog::REQUEST_LATENCY, Part::Whole),
                ],
            )),
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
