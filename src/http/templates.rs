//! Route templates that a service gives itself, where no router inside tells the layer which one matched.

use crate::error::Error;
use crate::observe::{Endpoint, Meter};

/// Endpoints by path. It lives as long as the process, as its endpoints do.
#[derive(Clone, Copy)]
pub(crate) struct Templates(&'static matchit::Router<&'static Endpoint>);

impl Templates {
    /// These, and those that there are.
    pub(crate) fn with<T: AsRef<str>>(
        known: Option<Self>,
        meter: &'static Meter,
        templates: impl IntoIterator<Item = T>,
    ) -> Result<Self, Error> {
        let mut router = known.map_or_else(matchit::Router::new, |known| known.0.clone());
        for template in templates {
            let template = template.as_ref();
            let endpoint = meter.endpoints.of(template);
            router.insert(template, endpoint).map_err(|error| {
                Error::configuration(format!(
                    "route template `{template}`: {error}; write it as axum does, `/products/{{id}}`"
                ))
            })?;
        }
        Ok(Self(Box::leak(Box::new(router))))
    }

    /// The endpoint of a path.
    #[inline]
    pub(crate) fn at(self, path: &str) -> Option<&'static Endpoint> {
        self.0.at(path).ok().map(|found| *found.value)
    }
}
