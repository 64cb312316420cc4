//! What is not recorded: counted each time, told once.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::business::name::Named;
use crate::catalog::Metric;
use crate::metrics::{Handle, Registry, Series, resolve};
use crate::text::cut;

/// The longest that is shown of a name that nobody has announced.
const LONGEST: usize = 40;

/// Why something is not recorded.
#[derive(Clone, Copy)]
pub(crate) enum Why {
    NotAnnounced,
    NoCurrency,
    Negative,
    TooLarge,
    OffScale,
    IllegalOrder,
    NoUser,
}

impl Why {
    fn as_str(self) -> &'static str {
        match self {
            Self::NotAnnounced => {
                "the name was not announced: name it in the builder that `business()` returns"
            }
            Self::NoCurrency => {
                "ISO 4217 has no such currency, or one without units: give its code, such as EUR"
            }
            Self::Negative => {
                "the amount is negative: what goes back to a customer is a `refund`, of a positive amount"
            }
            Self::TooLarge => {
                "the amount is larger than any order: give it in minor units, such as cents"
            }
            Self::OffScale => {
                "the value is off its scale: a score goes from 1 to 5, a ratio from 0 to 1"
            }
            Self::IllegalOrder => {
                "a box does not go from this stage to that one: see `BoxStage::leads_to`"
            }
            Self::NoUser => "an id of a user has 1 to 1,024 bytes",
        }
    }
}

/// A family of which not everything is recorded.
pub(crate) struct Checked {
    name: &'static str,
    series: &'static Series,
    /// A bit for each reason that was told.
    told: AtomicU32,
}

impl Checked {
    pub(crate) fn new(metric: Metric, registry: Registry) -> Self {
        Self::of(metric, registry.own(metric))
    }

    pub(crate) fn of(metric: Metric, series: &'static Series) -> Self {
        series.losses.check();
        Self {
            name: metric.name(),
            series,
            told: AtomicU32::new(0),
        }
    }

    /// The handle of these labels.
    pub(crate) fn resolve<H: Handle>(&self, labels: &[&str]) -> H {
        resolve(self.series, labels)
    }

    /// With the handles of these names, which are the only label.
    pub(crate) fn named<H: Handle>(self, names: &[String]) -> (Self, Named<H>) {
        let handle = |name: &String| (name.clone(), self.resolve(&[name.as_str()]));
        let handles = Named::new(names.iter().map(handle));
        (self, handles)
    }

    /// Counts that something was not recorded. `what` is shown: nothing of a person.
    #[cold]
    pub(crate) fn refuse(&self, why: Why, what: &str) {
        self.series.losses.observation();
        let bit = 1 << why as u32;
        if self.told.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            tracing::warn!(
                metric = self.name,
                value = cut(what, LONGEST),
                "not recorded, which is told once and counted from now on: {}",
                why.as_str()
            );
        }
    }
}
