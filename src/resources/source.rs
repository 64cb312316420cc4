//! What is named once, and asked at each scrape.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Error;
use crate::metrics::{Registry, Series, check_names};

/// That something can have this name, and nothing of its kind (`what`) has it.
pub(crate) fn check(
    what: &str,
    name: &str,
    registry: Registry,
    family: &'static Series,
    labels: &[&str],
) -> Result<(), Error> {
    check_names(what, &[name.to_owned()])?;
    if family.has(labels) {
        return Err(Error::configuration(format!(
            "{what}: `{name}` is there already: keep what was returned for it, or choose another name"
        )));
    }
    // Else it would share the series of all that found no room, and show the number of another.
    match family.all().count() >= registry.cap() {
        true => Err(Error::configuration(format!(
            "{what}: there is no room for `{name}`: max_series is {}",
            registry.cap()
        ))),
        false => Ok(()),
    }
}

/// What the service's own code says; `None` if it panics.
pub(crate) fn ask<T>(source: impl Fn() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(source)).ok()
}

/// A number as a gauge shows it; not a number where it is not known.
pub(crate) fn shown(number: Option<usize>) -> f64 {
    number.map_or(f64::NAN, |number| number as f64)
}
