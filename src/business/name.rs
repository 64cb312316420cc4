//! Names that a service announces, and what is recorded under each.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::label::LabelValue;

/// A name such as that of a plan: a text, or a value of a type that derives [`LabelValue`](crate::metrics::LabelValue).
///
/// ```
/// # #[cfg(feature = "macros")]
/// # fn main() -> Result<(), ecolaura_monitoring::Error> {
/// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
/// use ecolaura_monitoring::metrics::LabelValue;
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Plan { Seedling, Forest }
///
/// let business = monitoring.business().plans(Plan::VALUES).register()?;
/// business.signed_up(Plan::Forest);
/// business.signed_up("forest");
/// # Ok(()) }
/// # #[cfg(not(feature = "macros"))] fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a name",
    label = "is neither a text nor a label's value",
    note = "a name is a `&str`, a `String`, or a value of an enum that derives `LabelValue`"
)]
pub trait Name {
    /// The text of it.
    fn text(&self) -> &str;
}

impl<T: LabelValue> Name for T {
    fn text(&self) -> &str {
        T::VALUES.get(self.index()).copied().unwrap_or_default()
    }
}

impl Name for &str {
    fn text(&self) -> &str {
        self
    }
}

impl Name for Cow<'_, str> {
    fn text(&self) -> &str {
        self
    }
}

impl Name for String {
    fn text(&self) -> &str {
        self
    }
}

impl Name for &String {
    fn text(&self) -> &str {
        self
    }
}

/// Something for each of some names.
pub(crate) struct Named<T>(HashMap<Box<str>, T, FixedState>);

impl<T> Named<T> {
    pub(crate) fn new(all: impl Iterator<Item = (String, T)>) -> Self {
        Self(all.map(|(name, value)| (name.into(), value)).collect())
    }

    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.0.get(name)
    }
}
