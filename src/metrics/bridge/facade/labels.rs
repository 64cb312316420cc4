//! The label set of a key, as its series is found by it and shown.

use std::borrow::Cow;

use crate::catalog::Kind;
use crate::label::OVERFLOW;
use crate::metrics::expose::encode::{Escaping, Owner, escape, is_legacy};

/// Before a label name that belongs to Prometheus, as Prometheus itself writes it.
const PREFIX: &str = "exported_";

/// Names and values, sorted by name as scrapers read it that take only identifiers.
///
/// - A name occurs once, the last value counts; names that become the same for a scraper which takes only identifiers are one.
/// - An empty value is none: to Prometheus both are the same series.
/// - What belongs to Prometheus (`__name__`, and `le` of a histogram) is renamed, or it would break the scrape.
pub(crate) struct LabelPairs<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> LabelPairs<'a> {
    pub(crate) fn of(key: &'a metrics::Key, kind: Kind) -> Self {
        let mut pairs: Vec<(Cow<'a, str>, &'a str)> = Vec::new();
        for label in key.labels() {
            let name = shown_name(label.key(), kind);
            let legal = legal(&name, Owner::Label).into_owned();
            pairs.retain(|(known, _)| self::legal(known, Owner::Label) != legal);
            pairs.push((name, label.value()));
        }
        pairs.retain(|(_, value)| !value.is_empty());
        pairs.sort_unstable_by(|(one, _), (other, _)| {
            legal(one, Owner::Label).cmp(&legal(other, Owner::Label))
        });
        Self(pairs)
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| &**name).collect()
    }

    /// The names by which label sets are told apart: two spellings of one name would be one series twice.
    pub(crate) fn legal_names(&self) -> Vec<Cow<'_, str>> {
        let names = self.0.iter().map(|(name, _)| legal(name, Owner::Label));
        names.collect()
    }

    pub(crate) fn values(&self) -> Vec<&str> {
        self.0.iter().map(|(_, value)| *value).collect()
    }

    /// Whether these are the labels of a series for what finds no room.
    pub(crate) fn say_overflow(&self) -> bool {
        let mut values = self.0.iter().map(|(_, value)| *value);
        !self.0.is_empty() && values.all(|value| value == OVERFLOW)
    }
}

fn shown_name(name: &str, kind: Kind) -> Cow<'_, str> {
    let legal = legal(name, Owner::Label);
    if name.is_empty() {
        Cow::Borrowed("_")
    } else if legal.starts_with("__") || (kind == Kind::Histogram && legal == "le") {
        Cow::Owned(format!("{PREFIX}{name}"))
    } else {
        Cow::Borrowed(name)
    }
}

/// A name as scrapers read it that take only identifiers.
pub(crate) fn legal(name: &str, owner: Owner) -> Cow<'_, str> {
    if is_legacy(name, owner) {
        return Cow::Borrowed(name);
    }
    let mut legal = String::new();
    escape(&mut legal, name, owner, Escaping::Underscores);
    Cow::Owned(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        kind: Kind,
        given: &'static [(&'static str, &'static str)],
        expected: &[(&str, &str)],
    ) {
        let key = metrics::Key::from_parts("x", given);
        let pairs = LabelPairs::of(&key, kind);
        let found: Vec<_> = pairs.names().into_iter().zip(pairs.values()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn labels_are_sorted_and_named_once() {
        check(
            Kind::Gauge,
            &[("b", "1"), ("a", "2")],
            &[("a", "2"), ("b", "1")],
        );
        check(Kind::Gauge, &[("a", "1"), ("a", "2")], &[("a", "2")]);
        check(Kind::Gauge, &[("a_b", "1"), ("a.b", "2")], &[("a.b", "2")]);
        check(Kind::Gauge, &[("a", ""), ("b", "1")], &[("b", "1")]);
        check(Kind::Gauge, &[("a", "1"), ("a", "")], &[]);
    }

    #[test]
    fn names_of_prometheus_are_renamed() {
        check(Kind::Counter, &[("le", "1")], &[("le", "1")]);
        check(Kind::Histogram, &[("le", "1")], &[("exported_le", "1")]);
        check(
            Kind::Gauge,
            &[("__name__", "x")],
            &[("exported___name__", "x")],
        );
        check(Kind::Gauge, &[("..x", "x")], &[("exported_..x", "x")]);
        check(Kind::Gauge, &[("", "x")], &[("_", "x")]);
    }

    #[test]
    fn overflow_is_what_has_no_other_value() {
        for (values, expected) in [
            (["_overflow", "_overflow"], true),
            (["_overflow", "x"], false),
        ] {
            let labels = [("a", values[0]), ("b", values[1])];
            let key = metrics::Key::from_parts("x", &labels);
            assert_eq!(LabelPairs::of(&key, Kind::Gauge).say_overflow(), expected);
        }
        let none = metrics::Key::from_name("x");
        assert!(!LabelPairs::of(&none, Kind::Gauge).say_overflow());
    }
}
