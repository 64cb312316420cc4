//! The handle of a gauge.

use crate::catalog::Kind;
use crate::metrics::cells::gauge::GaugeCell;
use crate::metrics::registry::family::Cells;
use crate::metrics::registry::labelled::Handle;

/// A gauge bound to its labels.
///
/// Copying it costs nothing; it lives as long as the process. Setting is one relaxed store; adding is a
/// compare-and-swap loop. Neither takes a lock or allocates.
///
/// ```
/// use ecolaura_monitoring::Monitoring;
/// use ecolaura_monitoring::metrics::Metric;
///
/// # fn main() -> Result<(), ecolaura_monitoring::Error> {
/// # let monitoring = Monitoring::builder("docs").build()?;
/// let depth = monitoring.metrics().gauge(Metric::gauge("orders_waiting", "Orders waiting."))?;
/// depth.set(3.0);
/// depth.sub(1.0);
/// assert_eq!(depth.value(), 2.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy)]
pub struct Gauge(pub(crate) &'static GaugeCell);

impl Gauge {
    /// Sets the value.
    #[inline]
    pub fn set(self, value: f64) {
        self.0.set(value);
    }

    /// Adds `amount`.
    #[inline]
    pub fn add(self, amount: f64) {
        self.0.add(amount);
    }

    /// Subtracts `amount`.
    #[inline]
    pub fn sub(self, amount: f64) {
        self.add(-amount);
    }

    /// Adds one.
    #[inline]
    pub fn inc(self) {
        self.add(1.0);
    }

    /// Subtracts one.
    #[inline]
    pub fn dec(self) {
        self.add(-1.0);
    }

    /// The value now.
    pub fn value(self) -> f64 {
        self.0.value()
    }
}

impl Handle for Gauge {
    const KIND: Kind = Kind::Gauge;

    #[allow(private_interfaces)]
    fn of(cells: &'static Cells) -> Option<Self> {
        match cells {
            Cells::Gauge(cell) => Some(Gauge(cell)),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Gauge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Gauge").field(&self.value()).finish()
    }
}
