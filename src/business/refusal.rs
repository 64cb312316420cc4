//! What is not recorded: counted each time, and told now and then.

use std::fmt::{self, Display, Write as _};
use std::hash::{BuildHasher as _, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;

use crate::business::name::Named;
use crate::catalog::Metric;
use crate::limiter::Limiter;
use crate::metrics::{FamilyCore, Handle, Losses, Registry, resolve};
use crate::text::Short;

/// The longest that is shown of a name that nobody has announced.
const LONGEST: usize = 40;

/// So many are told in a minute.
const MOST_TOLD: u32 = 5;

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
                "a box does not go from that stage to this one: see `BoxStage::leads_to`"
            }
            Self::NoUser => "an id of a user has 1 to 1,024 bytes, and this one another number",
        }
    }
}

/// A text of which only the hash is wanted.
struct Hashed<H>(H);

impl<H: Hasher> fmt::Write for Hashed<H> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// What of a family is not recorded.
pub(crate) struct Refusals {
    name: &'static str,
    losses: &'static Losses,
    /// What was told last: the same is not told again.
    last: AtomicU64,
    /// How much is told: whoever sends what is wrong must not fill the log.
    told: Limiter,
}

impl Refusals {
    /// Of a family that counts them itself.
    pub(crate) fn new(metric: Metric) -> Self {
        Self::of(metric, Box::leak(Box::new(Losses::new())))
    }

    fn of(metric: Metric, losses: &'static Losses) -> Self {
        losses.check();
        Self {
            name: metric.name(),
            losses,
            last: AtomicU64::new(0),
            told: Limiter::each_minute(MOST_TOLD),
        }
    }

    pub(crate) fn losses(&self) -> &'static Losses {
        self.losses
    }

    /// Counts that something was not recorded. `what` is shown: nothing of a person.
    #[cold]
    pub(crate) fn refuse(&self, why: Why, what: impl Display) {
        self.losses.observation();
        let mut hashed = Hashed(FixedState::default().build_hasher());
        hashed.0.write_u8(why as u8);
        let _ = write!(hashed, "{what}"); // nothing in it fails
        let this = hashed.0.finish();
        if self.last.swap(this, Ordering::Relaxed) == this || !self.told.admits() {
            return;
        }
        let mut value = String::new();
        let mut short = Short {
            text: &mut value,
            longest: LONGEST,
        };
        let _ = write!(short, "{what}"); // what is too long is cut
        tracing::warn!(
            metric = self.name,
            value,
            "not recorded, and counted from now on: {}",
            why.as_str()
        );
    }
}

/// A family of which not everything is recorded.
pub(crate) struct Checked {
    series: &'static FamilyCore,
    refusals: Refusals,
}

impl Checked {
    pub(crate) fn new(metric: Metric, registry: Registry) -> Self {
        Self::of(metric, registry.own(metric))
    }

    pub(crate) fn of(metric: Metric, series: &'static FamilyCore) -> Self {
        Self {
            series,
            refusals: Refusals::of(metric, series.losses),
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

    /// Counts that something was not recorded.
    #[cold]
    pub(crate) fn refuse(&self, why: Why, what: impl Display) {
        self.refusals.refuse(why, what);
    }
}
