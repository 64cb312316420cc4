//! What is named once, and asked at each scrape.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Error;
use crate::metrics::{AppendList, FamilyCore, Registry, check_names};

/// What has a name, and says how it is.
pub(crate) struct Watched<T> {
    pub(crate) name: String,
    state: Box<dyn Fn() -> T + Send + Sync>,
}

impl<T> Watched<T> {
    pub(crate) fn new(name: &str, state: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self {
            name: name.to_owned(),
            state: Box::new(state),
        }
    }

    /// What the service's own code says; `None` if it panics.
    pub(crate) fn ask(&self) -> Option<T> {
        let said = catch_unwind(AssertUnwindSafe(&self.state));
        // What it panicked with is its own too, and may panic when it is dropped.
        said.map_err(std::mem::forget).ok()
    }
}

/// That something can have this name, nothing of its kind (`what`) has it, and there is room for one more.
pub(crate) fn check<T>(
    what: &str,
    name: &str,
    registry: Registry,
    known: &'static AppendList<Watched<T>>,
) -> Result<(), Error> {
    check_names(what, &[name.to_owned()])?;
    if known.iter().any(|known| known.name == name) {
        return Err(is_there(what, name));
    }
    match known.iter().count() >= registry.cap() {
        true => Err(no_room(what, name, registry)),
        false => Ok(()),
    }
}

/// That a family has room for so many series more: else they would be those of all that found no room.
pub(crate) fn check_room(
    what: &str,
    name: &str,
    registry: Registry,
    family: &'static FamilyCore,
    needed: usize,
) -> Result<(), Error> {
    match family.all().count() + needed > registry.cap() {
        true => Err(no_room(what, name, registry)),
        false => Ok(()),
    }
}

pub(crate) fn is_there(what: &str, name: &str) -> Error {
    Error::configuration(format!(
        "{what}: `{name}` is there already: keep what was returned for it, or choose another name"
    ))
}

fn no_room(what: &str, name: &str, registry: Registry) -> Error {
    Error::configuration(format!(
        "{what}: there is no room for `{name}`: max_series is {}",
        registry.cap()
    ))
}
