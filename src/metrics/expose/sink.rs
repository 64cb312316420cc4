//! What a scrape hands on, family by family and series by series, to whoever writes or looks it up.

use crate::catalog::{self, Kind, Metric, Unit};
use crate::metrics::cells::exemplar::Exemplar;
use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::cells::timestamp::Timestamp;

/// Takes what is exposed. A family's series follow its head.
pub(crate) trait Sink {
    /// A family begins. `false`: its series are not wanted.
    fn family(&mut self, head: &Head<'_>) -> bool;

    /// One series of the family.
    fn series(&mut self, series: &Sample<'_>);

    /// Whether nothing more is wanted.
    fn is_done(&self) -> bool {
        false
    }
}

/// The head of a family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) name: &'a str,
    pub(crate) help: &'a str,
    pub(crate) kind: Type,
    pub(crate) unit: Unit,
}

impl<'a> Head<'a> {
    /// The head of a family of ours.
    pub(crate) fn of(metric: &'a Metric) -> Self {
        let infos = [catalog::TARGET_INFO, catalog::BUILD_INFO];
        let is_info = infos.iter().any(|info| info.name() == metric.name());
        Self {
            name: metric.name(),
            help: metric.help(),
            kind: match is_info {
                true => Type::Info,
                false => Type::Ours(metric.kind()),
            },
            unit: metric.base_unit(),
        }
    }
}

/// One series at one time.
pub(crate) struct Sample<'a> {
    pub(crate) labels: Labels<'a>,
    pub(crate) value: Value<'a>,
    /// When its counting began; `None` where nobody knows, or nothing is counted.
    pub(crate) since: Option<Timestamp>,
    /// Of a counter, who added to it.
    pub(crate) exemplar: Option<Exemplar>,
}

/// The type of a family: ours, and those that bridged registries add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Ours(Kind),
    /// A gauge that is always 1 and tells by its labels.
    Info,
    #[cfg(feature = "prometheus")]
    Summary,
    #[cfg(feature = "prometheus")]
    Untyped,
}

impl Type {
    /// The names that a family of this name has in one format or another: its own and those of its series.
    pub(crate) fn names(self, family: &str) -> Vec<String> {
        let suffixes: &[&str] = match self {
            Type::Ours(Kind::Counter) if !family.ends_with("_total") => &["", "_total"],
            Type::Ours(Kind::Histogram) => &["", "_bucket", "_sum", "_count"],
            #[cfg(feature = "prometheus")]
            Type::Summary => &["", "_sum", "_count"],
            _ => &[""],
        };
        let names = suffixes.iter();
        names.map(|suffix| format!("{family}{suffix}")).collect()
    }
}

/// A series' labels, in the order of exposition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels<'a> {
    pub(crate) names: &'a [&'a str],
    pub(crate) values: &'a [&'a str],
    /// As they are written, where that is known and does not depend on what names the scraper takes.
    pub(crate) written: Option<Written<'a>>,
}

/// Labels as the formats have them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'a> {
    /// `name="value",…`
    pub(crate) text: &'a str,
    /// The fields of a protobuf `Metric`.
    pub(crate) protobuf: &'a [u8],
}

impl<'a> Labels<'a> {
    /// Labels of a series that is made for this scrape.
    pub(crate) fn new(names: &'a [&'a str], values: &'a [&'a str]) -> Self {
        Self {
            names,
            values,
            written: None,
        }
    }
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
