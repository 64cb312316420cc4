//! Endpoints by the place of their template in memory: found without looking at the text.

use std::any::Any;

use crate::metrics::Bounded;
use crate::observe::endpoint::Endpoint;

/// What keeps a template where it is.
pub(crate) type Kept = Box<dyn Any + Send + Sync>;

/// Places of templates, and the endpoints that those name.
pub(crate) struct Places(Bounded<Place>);

struct Place {
    address: usize,
    length: usize,
    endpoint: &'static Endpoint,
    /// So that nothing else ever lies there.
    _kept: Kept,
}

impl Places {
    pub(crate) fn new(cap: usize) -> Self {
        Self(Bounded::new(cap))
    }

    #[inline]
    pub(crate) fn find(&self, template: &str) -> Option<&'static Endpoint> {
        let is = |place: &Place| place.is_of(template);
        let found = self.0.find(hash(template), is)?;
        Some(found.endpoint)
    }

    /// Adds a place, unless an app that makes routers without end has filled all there are.
    #[cold]
    pub(crate) fn add(
        &'static self,
        template: &str,
        endpoint: &'static Endpoint,
        keep: impl FnOnce() -> Kept,
    ) -> &'static Endpoint {
        let is = |place: &Place| place.is_of(template);
        let make = || Place {
            address: template.as_ptr().addr(),
            length: template.len(),
            endpoint,
            _kept: keep(),
        };
        self.0.add(hash(template), is, make, |_| {});
        endpoint
    }
}

impl Place {
    #[inline]
    fn is_of(&self, template: &str) -> bool {
        (self.address, self.length) == (template.as_ptr().addr(), template.len())
    }
}

#[inline]
fn hash(template: &str) -> u64 {
    (template.as_ptr().addr() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::observe::endpoint::Endpoints;

    #[test]
    fn a_template_is_found_where_it_lies_also_when_there_is_no_room_for_more() {
        let endpoints: &'static Endpoints = Box::leak(Box::new(Endpoints::new(2)));
        let copies: Vec<Arc<str>> = (0..4).map(|_| "/a".into()).collect();
        let named = endpoints.of("/a");
        for copy in copies.iter().chain(&copies) {
            let found = endpoints.at(copy, || Box::new(Arc::clone(copy)));
            assert!(std::ptr::eq(found, named));
        }
        let kept = copies.iter().map(Arc::strong_count);
        assert_eq!(kept.collect::<Vec<_>>(), [2, 2, 1, 1]);
    }
}
