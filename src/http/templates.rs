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
            check(template)?;
            let endpoint = meter.endpoints.of(template);
            let inserted = router.insert(template, endpoint);
            inserted.map_err(|error| refused(template, &error.to_string()))?;
        }
        Ok(Self(Box::leak(Box::new(router))))
    }

    /// The endpoint of a path.
    #[inline]
    pub(crate) fn at(self, path: &str) -> Option<&'static Endpoint> {
        self.0.at(path).ok().map(|found| *found.value)
    }
}

/// Templates of these forms would never match a path.
fn check(template: &str) -> Result<(), Error> {
    let is_old = |segment: &str| segment.starts_with([':', '*']);
    if !template.starts_with('/') {
        return Err(refused(template, "it does not start with `/`"));
    }
    if template.split('/').any(is_old) {
        return Err(refused(template, "`:name` and `*name` are no parameters"));
    }
    Ok(())
}

fn refused(template: &str, why: &str) -> Error {
    Error::configuration(format!(
        "the route template `{template}` cannot be used: {why}. Write it once, as axum does: `/products/{{id}}`, `/static/{{*path}}`"
    ))
}
