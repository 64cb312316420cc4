//! Families as the service sees them: labels are a type, a handle is an index away.

use std::marker::PhantomData;
use std::sync::OnceLock;

use crate::catalog::Kind;
use crate::label::LabelSet;
use crate::metrics::registry::family::{Cells, FamilyCore};

/// A counter, gauge or histogram: what a [`Family`] holds.
///
/// Sealed: implemented for [`Counter`](crate::metrics::Counter), [`Gauge`](crate::metrics::Gauge)
/// and [`Histogram`](crate::metrics::Histogram).
pub trait Handle: Copy + sealed::Sealed + 'static {
    #[doc(hidden)]
    const KIND: Kind;

    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn of(cells: &'static Cells) -> Option<Self>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::metrics::registry::counter::Counter {}
    impl Sealed for crate::metrics::registry::gauge::Gauge {}
    impl Sealed for crate::metrics::registry::histogram::Histogram {}
}

/// Series of one metric, one for each value of the label type `L`.
///
/// Copying it costs nothing. [`get`](Self::get) is an index into a table; it takes no lock and
/// allocates only when a label set is used for the first time.
///
/// ```
/// # #[cfg(feature = "macros")]
/// # fn main() -> Result<(), ecolaura_monitoring::Error> {
/// use ecolaura_monitoring::Monitoring;
/// use ecolaura_monitoring::metrics::{Counter, Family, LabelSet, LabelValue, Metric};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Plan { Seedling, Forest }
///
/// #[derive(Clone, Copy, LabelSet)]
/// struct Packed { plan: Plan }
///
/// const BOXES_PACKED: Metric = Metric::counter("boxes_packed_total", "Boxes packed, by plan.");
///
/// # let monitoring = Monitoring::builder("docs").build()?;
/// let packed: Family<Counter, Packed> = monitoring.metrics().counter_family(BOXES_PACKED)?;
/// packed.get(Packed { plan: Plan::Forest }).inc();
/// # Ok(()) }
/// # #[cfg(not(feature = "macros"))] fn main() {}
/// ```
///
/// # Limits
///
/// The cap on label sets applies: see [`MetricsConfig::max_series`](crate::MetricsConfig::max_series).
pub struct Family<H: Handle, L> {
    family: &'static FamilyCore,
    handles: &'static [OnceLock<H>],
    labels: PhantomData<fn(L)>,
}

impl<H: Handle, L: LabelSet> Family<H, L> {
    pub(crate) fn new(family: &'static FamilyCore) -> Self {
        let handles: Box<[OnceLock<H>]> = (0..L::CARDINALITY).map(|_| OnceLock::new()).collect();
        Self {
            family,
            handles: Box::leak(handles),
            labels: PhantomData,
        }
    }

    /// The series of a label set.
    #[inline]
    pub fn get(&self, labels: L) -> H {
        let index = labels.index();
        match self.handles.get(index).and_then(OnceLock::get) {
            Some(handle) => *handle,
            None => self.first(index),
        }
    }

    /// Makes the series of every label set, at 0, and returns the family.
    ///
    /// So that the first increment of each is seen as one: Prometheus takes the value at which a series appears as its
    /// start.
    #[must_use = "keep the family"]
    pub fn init_all(self) -> Self {
        (0..L::CARDINALITY).for_each(|index| {
            self.first(index);
        });
        self
    }

    #[cold]
    fn first(&self, index: usize) -> H {
        let values: Vec<&str> = (0..L::NAMES.len()).map(|at| L::value(index, at)).collect();
        let handle = resolve(self.family, &values);
        if let Some(place) = self.handles.get(index) {
            let _ = place.set(handle);
        }
        handle
    }
}

impl<H: Handle, L> Clone for Family<H, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: Handle, L> Copy for Family<H, L> {}

impl<H: Handle, L> std::fmt::Debug for Family<H, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Family").field(&self.family.name()).finish()
    }
}

/// Series of one metric whose label values are known only at run time.
///
/// Copying it costs nothing. [`get`](Self::get) hashes the values and compares them; it takes no
/// lock and allocates only when a label set is used for the first time. Keep the handle where you can.
///
/// ```
/// use ecolaura_monitoring::Monitoring;
/// use ecolaura_monitoring::metrics::{Counter, DynamicFamily, Metric};
///
/// # fn main() -> Result<(), ecolaura_monitoring::Error> {
/// const SENT: Metric = Metric::counter("parcels_sent_total", "Parcels sent.").labels(&["carrier"]);
/// # let monitoring = Monitoring::builder("docs").build()?;
/// let sent: DynamicFamily<Counter, 1> = monitoring.metrics().dynamic(SENT)?;
/// let carrier = String::from("bike"); // from the configuration, say
/// sent.get([carrier.as_str()]).inc();
/// # Ok(()) }
/// ```
///
/// # Limits
///
/// Values come from your configuration or database, never from a request: the cap bounds what a mistake
/// costs, but it cannot tell good values from bad ones.
pub struct DynamicFamily<H: Handle, const N: usize> {
    family: &'static FamilyCore,
    handle: PhantomData<fn() -> H>,
}

impl<H: Handle, const N: usize> DynamicFamily<H, N> {
    pub(crate) fn new(family: &'static FamilyCore) -> Self {
        Self {
            family,
            handle: PhantomData,
        }
    }

    /// The series of these label values, in the order of the label names.
    #[inline]
    pub fn get(&self, values: [&str; N]) -> H {
        resolve(self.family, &values)
    }
}

impl<H: Handle, const N: usize> Clone for DynamicFamily<H, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: Handle, const N: usize> Copy for DynamicFamily<H, N> {}

impl<H: Handle, const N: usize> std::fmt::Debug for DynamicFamily<H, N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DynamicFamily")
            .field(&self.family.name())
            .finish()
    }
}

/// The handle of a label set.
#[inline]
pub(crate) fn resolve<H: Handle>(family: &'static FamilyCore, values: &[&str]) -> H {
    H::of(family.resolve(values)).expect("a family is registered with the kind of its handles")
}
