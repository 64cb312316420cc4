//! Names that a service announces, and what is recorded under each.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::error::Error;
use crate::label::{LabelValue, OVERFLOW};

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

/// The most names of one kind, and the longest.
const MOST: usize = 1000;
const LONGEST: usize = 100;

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

/// That these can be names of something: `what`, in the plural, says of what.
pub(crate) fn check(what: &str, names: &[String]) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::configuration(format!("{what}: {why}")));
    if names.len() > MOST {
        return refuse(format!(
            "there are {}, and each is a series: announce {MOST} at most",
            names.len()
        ));
    }
    for (place, name) in names.iter().enumerate() {
        if name.trim().is_empty() {
            return refuse("a name is empty: leave it out, or give it a text".to_owned());
        }
        if name.len() > LONGEST {
            return refuse(format!(
                "a name has {} bytes: it is a label's value, give it {LONGEST} at most",
                name.len()
            ));
        }
        if name == OVERFLOW {
            return refuse(format!(
                "`{OVERFLOW}` is what label sets without room are called: choose another name"
            ));
        }
        if names[..place].contains(name) {
            return refuse(format!("`{name}` is announced twice: once is enough"));
        }
    }
    Ok(())
}
