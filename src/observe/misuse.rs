//! Handlers with `#[monitor]` that are not measured as they say: noticed at their first call, and logged once.
//!
//! - It runs outside of any request: the layer does not see its route.
//! - It names another path than the one that its request matched: one thing has two endpoints.
//! - It names a path without the slash at its start: that is the name of a function.
//!
//! Only `async` functions are looked at, since handlers are. A process that was not initialised, such as the tests of a
//! service, logs nothing.

use std::sync::atomic::Ordering;

use crate::label::OVERFLOW;
use crate::observe::function::Site;
use crate::observe::route::Route;
use crate::observe::scope;

/// Looks at the function, unless it was looked at before.
#[inline]
pub(super) fn check(site: &'static Site) {
    if !site.is_checked.load(Ordering::Relaxed) {
        first(site);
    }
}

#[cold]
fn first(site: &'static Site) {
    let found = match scope::route() {
        Some(route) => within(site, route),
        None if scope::is_outside_on_purpose() => return, // it may run in a service later
        None => site.is_endpoint().then_some(Misuse::NoLayer),
    };
    let is_first = !site.is_checked.swap(true, Ordering::Relaxed);
    if let Some(misuse) = found.filter(|_| is_first) {
        misuse.warn(site);
    }
}

/// What is wrong with a function of a request for this route.
fn within(site: &Site, route: &'static Route) -> Option<Misuse> {
    let (matched, named) = (route.template(), site.endpoint());
    // Without a matched path, it is this function that names the endpoint.
    let is_known = route.is_named && matched != OVERFLOW;
    if !site.is_endpoint() {
        // The attribute itself refuses names with a slash or braces.
        let is_matched = is_known && matched.strip_prefix('/') == Some(named);
        return (is_matched && !route.has_handler()).then_some(Misuse::NoSlash);
    }
    if !is_known || matched == named {
        route.found_handler();
        return None;
    }
    // Below a wildcard, such as the one that tonic routes a service by, the path is the better name. And a handler whose own
    // path is right may call others.
    let is_finer = matched.contains("{*");
    (!is_finer && !route.has_handler()).then_some(Misuse::OtherPath(matched))
}

#[derive(Clone, Copy)]
enum Misuse {
    NoLayer,
    OtherPath(&'static str),
    NoSlash,
}

impl Misuse {
    fn warn(self, site: &Site) {
        let (function, named) = (site.name(), site.endpoint());
        warn(&match self {
            Self::NoLayer => format!(
                "`{function}` has #[monitor(\"{named}\")] but runs outside of the monitoring layer: http_* metrics, request spans and the \
                 access log do not see its requests. Call `.layer(monitoring.layer())` after the last route of the router. If it is not a \
                 handler, give it a name without the leading slash"
            ),
            Self::OtherPath(matched) => format!(
                "`{function}` has #[monitor(\"{named}\")] but its request matched `{matched}`: http_* metrics call the endpoint \
                 {matched}, request_* metrics call it {named}. Write #[monitor(\"{matched}\")]. If it is not the handler of that route, \
                 give it a name without the leading slash"
            ),
            Self::NoSlash => format!(
                "`{function}` has #[monitor(\"{named}\")], which is the name of a function, since it does not start with a slash. For the \
                 handler of a route, write its path: #[monitor(\"/{named}\")]"
            ),
        });
    }
}

#[cfg(any(
    feature = "business",
    feature = "logs",
    feature = "server",
    feature = "traces"
))]
fn warn(what: &str) {
    tracing::warn!("{what}");
}

#[cfg(not(any(
    feature = "business",
    feature = "logs",
    feature = "server",
    feature = "traces"
)))]
fn warn(what: &str) {
    eprintln!("{what}");
}
