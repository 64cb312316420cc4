//! What a scrape hands on, family by family and series by series, to whoever writes or looks it up.

use std::fmt::Write as _;

use crate::catalog::{Kind, Unit};
use crate::metrics::histogram::Snapshot;

/// Takes what is exposed. A family's series follow its head.
pub(crate) trait Sink {
    /// A family begins.
    fn family(&mut self, head: &Head<'_>);

    /// One series of the family.
    fn series(&mut self, labels: &Labels<'_>, value: &Value<'_>);
}

/// The head of a family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) name: &'a str,
    pub(crate) help: &'a str,
    pub(crate) kind: Type,
    #[allow(dead_code)] // written by the formats that know units
    pub(crate) unit: Unit,
}

/// The type of a family: ours, and those that bridged registries add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Ours(Kind),
    #[cfg(feature = "prometheus")]
    Summary,
    #[cfg(feature = "prometheus")]
    Untyped,
}

/// A series' labels, in the order of exposition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels<'a> {
    #[allow(dead_code)] // read by those who look series up
    pub(crate) names: &'a [&'a str],
    #[allow(dead_code)]
    pub(crate) values: &'a [&'a str],
    /// `name="value",…` as text, escaped.
    pub(crate) block: &'a str,
}

/// A series' value.
pub(crate) enum Value<'a> {
    /// A whole number.
    Whole(u64),
    /// A number.
    Number(f64),
    /// Our histogram.
    Histogram(&'a Snapshot),
    /// Parts of a histogram or summary of a bridged registry.
    #[cfg(feature = "prometheus")]
    Foreign(Foreign<'a>),
}

/// Parts of a histogram (`le`) or summary (`quantile`) of a bridged registry.
#[cfg(feature = "prometheus")]
pub(crate) struct Foreign<'a> {
    /// The upper bound or quantile of each part, and its value.
    pub(crate) parts: &'a [(f64, f64)],
    pub(crate) count: u64,
    pub(crate) sum: f64,
}

/// Writes `name="value",…`, with what the text formats escape.
pub(crate) fn label_block(names: &[&str], values: &[&str]) -> String {
    let mut block = String::new();
    for (name, value) in names.iter().zip(values) {
        if !block.is_empty() {
            block.push(',');
        }
        block.push_str(name);
        block.push_str("=\"");
        for c in value.chars() {
            match c {
                '\\' => block.push_str("\\\\"),
                '"' => block.push_str("\\\""),
                '\n' => block.push_str("\\n"),
                c => block.push(c),
            }
        }
        block.push('"');
    }
    block
}

/// Writes a number as the text formats do: shortest form, `+Inf`, `-Inf`, `NaN`.
pub(crate) fn number(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else if value != 0.0 && !(1e-5..1e17).contains(&value.abs()) {
        let _ = write!(out, "{value:e}"); // writing to a String does not fail
    } else {
        let _ = write!(out, "{value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_are_escaped() {
        let block = label_block(&["a", "b"], &["x\\y\"z\n", "grün"]);
        assert_eq!(block, r#"a="x\\y\"z\n",b="grün""#);
    }

    #[test]
    fn numbers_in_their_shortest_form() {
        let text = |value| {
            let mut out = String::new();
            number(&mut out, value);
            out
        };
        assert_eq!(text(0.0), "0");
        assert_eq!(text(1.0), "1");
        assert_eq!(text(0.075), "0.075");
        assert_eq!(text(-2.5), "-2.5");
        assert_eq!(text(1e300), "1e300");
        assert_eq!(text(2.5e-9), "2.5e-9");
        assert_eq!(text(f64::NAN), "NaN");
        assert_eq!(text(f64::INFINITY), "+Inf");
        assert_eq!(text(f64::NEG_INFINITY), "-Inf");
    }
}
