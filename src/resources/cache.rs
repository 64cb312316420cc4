//! Caches: whether they had what was wanted.

use crate::catalog;
use crate::error::Error;
use crate::metrics::{Counter, Registry, check_names, resolve};
use crate::resources::source::{check_room, is_there};

/// A cache; get it from [`Monitoring::cache`](crate::Monitoring::cache). Copying it costs nothing.
#[derive(Clone, Copy, Debug)]
pub struct Cache(Option<Counted>);

#[derive(Clone, Copy, Debug)]
struct Counted {
    hits: Counter,
    misses: Counter,
}

impl Cache {
    pub(crate) fn new(registry: Option<Registry>, name: &str) -> Result<Self, Error> {
        let Some(registry) = registry else {
            return Ok(Self(None));
        };
        let family = registry.own(catalog::CACHE_REQUESTS);
        check_names("cache()", &[name.to_owned()])?;
        if family.has(&[name, "hit"]) {
            return Err(is_there("cache()", name));
        }
        check_room("cache()", name, registry, family, 2)?;
        Ok(Self(Some(Counted {
            hits: resolve(family, &[name, "hit"]),
            misses: resolve(family, &[name, "miss"]),
        })))
    }

    /// It had what was wanted.
    #[inline]
    pub fn hit(self) {
        if let Some(counted) = self.0 {
            counted.hits.inc();
        }
    }

    /// It did not.
    #[inline]
    pub fn miss(self) {
        if let Some(counted) = self.0 {
            counted.misses.inc();
        }
    }
}
