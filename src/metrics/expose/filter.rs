//! A scrape of some families.

use crate::metrics::expose::sink::{Head, Sample, Sink};

/// Hands on the families that are asked for.
pub(crate) struct Only<'a> {
    names: &'a [String],
    sink: &'a mut dyn Sink,
}

impl<'a> Only<'a> {
    pub(crate) fn new(names: &'a [String], sink: &'a mut dyn Sink) -> Self {
        Self { names, sink }
    }
}

/// What the names of a histogram's series have that the family's has not.
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

impl Sink for Only<'_> {
    fn family(&mut self, head: &Head<'_>) -> bool {
        let is_asked_for = self.names.iter().any(|name| {
            let rest = name.strip_prefix(head.name);
            rest.is_some_and(|rest| rest.is_empty() || PARTS.contains(&rest))
        });
        is_asked_for && self.sink.family(head)
    }

    fn series(&mut self, series: &Sample<'_>) {
        self.sink.series(series);
    }

    fn is_done(&self) -> bool {
        self.sink.is_done()
    }
}
