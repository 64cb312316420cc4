//! The trait that the macros of the `metrics` crate call.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};

use crate::catalog::Kind;
use crate::metrics::bridge::facade::handles::Cells;
use crate::metrics::bridge::facade::store::Store;
use crate::metrics::registry::Registry;

/// Records into a store that a registry shows; without one, nowhere.
#[derive(Clone, Copy)]
pub(crate) struct Recorder(Option<&'static Store>);

impl Recorder {
    /// A recorder whose families `registry` shows.
    pub(crate) fn new(registry: Registry) -> Self {
        let store: &'static Store = Box::leak(Box::new(Store::new(registry)));
        registry.add_source(store);
        Self(Some(store))
    }

    /// A recorder that records nothing.
    pub(crate) const fn nowhere() -> Self {
        Self(None)
    }

    fn describe(self, kind: Kind, name: &KeyName, unit: Option<Unit>, help: &str) {
        let family = self.0.and_then(|store| store.family(kind, name.as_str()));
        if let Some(family) = family {
            family.describe(unit, help);
        }
    }

    #[inline]
    fn cells(self, kind: Kind, key: &Key) -> Option<&'static Cells> {
        Some(&self.0?.series(kind, key)?.cells)
    }
}

/// The level and target of a metric say nothing about its value: all are recorded.
impl metrics::Recorder for Recorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(Kind::Counter, &key, unit, &description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(Kind::Gauge, &key, unit, &description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(Kind::Histogram, &key, unit, &description);
    }

    fn register_counter(&self, key: &Key, _metadata: &Metadata<'_>) -> Counter {
        match self.cells(Kind::Counter, key) {
            Some(Cells::Counter(cells)) => Counter::from_arc(Arc::clone(cells)),
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, _metadata: &Metadata<'_>) -> Gauge {
        match self.cells(Kind::Gauge, key) {
            Some(Cells::Gauge(cells)) => Gauge::from_arc(Arc::clone(cells)),
            _ => Gauge::noop(),
        }
    }

    fn register_histogram(&self, key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        match self.cells(Kind::Histogram, key) {
            Some(Cells::Histogram(cells)) => Histogram::from_arc(Arc::clone(cells)),
            _ => Histogram::noop(),
        }
    }
}
