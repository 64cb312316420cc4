//! The labels of a series that stays, written once in each format.

use crate::metrics::expose::encode::{label, push_label};
use crate::metrics::expose::sink::{Labels, Written};

/// Label values that live as long as the process, and what is written of them at each scrape.
pub(crate) struct StaticLabels {
    values: Box<[&'static str]>,
    written: Option<Written<'static>>,
}

impl StaticLabels {
    /// Labels whose names every scraper takes as they are.
    pub(crate) fn new(names: &[&str], values: &[&str]) -> Self {
        let (mut text, mut protobuf) = (String::new(), Vec::new());
        for (name, value) in names.iter().zip(values) {
            push_label(&mut text, name, value);
        }
        let mut pairs: Vec<_> = names.iter().zip(values).collect();
        pairs.sort_unstable();
        for (name, value) in pairs {
            label(&mut protobuf, name, value);
        }
        Self {
            written: Some(Written {
                text: Box::leak(text.into_boxed_str()),
                protobuf: Box::leak(protobuf.into_boxed_slice()),
            }),
            ..Self::with_other_names(values)
        }
    }

    /// Labels of which not every scraper takes all names as they are.
    pub(crate) fn with_other_names(values: &[&str]) -> Self {
        Self {
            values: leak_all(values),
            written: None,
        }
    }

    #[inline]
    pub(crate) fn values(&self) -> &[&'static str] {
        &self.values
    }

    /// With these names, which are those that it was made with.
    pub(crate) fn shown<'a>(&'a self, names: &'a [&'static str]) -> Labels<'a> {
        Labels {
            names,
            values: &self.values,
            written: self.written,
        }
    }
}

/// Keeps texts for as long as the process lives, one behind the other.
pub(crate) fn leak_all(texts: &[&str]) -> Box<[&'static str]> {
    let mut rest: &'static str = Box::leak(texts.concat().into());
    let cut = texts.iter().map(|text| {
        let (cut, after) = rest.split_at(text.len());
        rest = after;
        cut
    });
    cut.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_as_they_were() {
        for texts in [&[][..], &[""], &["a", "", "grün", "b"]] {
            assert_eq!(*leak_all(texts), *texts);
        }
    }
}
