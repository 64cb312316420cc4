//! The rules for metric names, labels and buckets, as `const fn` so that the catalogue is checked
//! when it is compiled.
//!
//! Sources: the Prometheus data model and naming practices, and the checks of `promtool check metrics`.

use crate::catalog::metric::{Kind, Metric, Unit};

/// The first rule that a description breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Name,
    ReservedName,
    CounterSuffix,
    TotalSuffix,
    SeriesSuffix,
    UnitSuffix,
    Help,
    LabelName,
    ReservedLabel,
    RepeatedLabel,
    NoBuckets,
    BucketsOnOther,
    TooManyBuckets,
    BucketValue,
    BucketOrder,
    CounterUnit,
}

impl Problem {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Problem::Name => {
                "a metric name starts with a letter or `_` and has only letters, digits and `_` \
                 (colons belong to recording rules)"
            }
            Problem::ReservedName => "metric names that start with `__` are reserved by Prometheus",
            Problem::CounterSuffix => "a counter's name ends in `_total`",
            Problem::TotalSuffix => "only a counter's name ends in `_total`",
            Problem::SeriesSuffix => {
                "a metric name must not end in `_bucket`, `_count`, `_sum` or `_created`: \
                 Prometheus gives these names to parts of a histogram"
            }
            Problem::UnitSuffix => {
                "the name must end in the unit (before `_total`), for example `_seconds`"
            }
            Problem::Help => "a metric has a help text, one line that says what is counted",
            Problem::LabelName => {
                "a label name starts with a letter or `_` and has only letters, digits and `_`"
            }
            Problem::ReservedLabel => {
                "`le`, `quantile` and label names that start with `__` are reserved by Prometheus"
            }
            Problem::RepeatedLabel => "a label name occurs twice",
            Problem::NoBuckets => "a histogram has at least one bucket",
            Problem::BucketsOnOther => "only a histogram has buckets",
            Problem::TooManyBuckets => "a histogram has at most 64 classic buckets",
            Problem::BucketValue => "bucket bounds are finite and greater than zero",
            Problem::BucketOrder => "bucket bounds ascend by at least one percent each",
            Problem::CounterUnit => "a counter counts whole things: its unit is `None` or `Bytes`",
        }
    }
}

/// The first rule that `metric` breaks, if any.
pub(crate) const fn problem(metric: &Metric) -> Option<Problem> {
    if let Some(problem) = own_problem(metric) {
        return Some(problem);
    }
    // A counter that is recorded holds whole numbers.
    match (metric.kind, metric.unit) {
        (Kind::Counter, Unit::Seconds | Unit::Ratio) => Some(Problem::CounterUnit),
        _ => None,
    }
}

/// The first rule that a metric of the catalogue breaks, if any. Its counters may be read at a scrape, and then be no
/// whole numbers.
pub(crate) const fn own_problem(metric: &Metric) -> Option<Problem> {
    if let Some(problem) = name_problem(metric) {
        return Some(problem);
    }
    if metric.help.is_empty() {
        return Some(Problem::Help);
    }
    if let Some(problem) = labels_problem(metric.labels) {
        return Some(problem);
    }
    buckets_problem(metric)
}

const fn name_problem(metric: &Metric) -> Option<Problem> {
    let name = metric.name.as_bytes();
    if !is_identifier(name) {
        return Some(Problem::Name);
    }
    if starts_with(name, b"__") {
        return Some(Problem::ReservedName);
    }
    let total = ends_with(name, b"_total");
    match metric.kind {
        Kind::Counter if !total => return Some(Problem::CounterSuffix),
        Kind::Gauge | Kind::Histogram if total => return Some(Problem::TotalSuffix),
        _ => {}
    }
    if ends_with(name, b"_bucket")
        || ends_with(name, b"_count")
        || ends_with(name, b"_sum")
        || ends_with(name, b"_created")
    {
        return Some(Problem::SeriesSuffix);
    }
    let stem_length = if total { name.len() - 6 } else { name.len() };
    if !unit_fits(name, stem_length, metric.unit.as_str().as_bytes()) {
        return Some(Problem::UnitSuffix);
    }
    None
}

const fn unit_fits(name: &[u8], stem_length: usize, unit: &[u8]) -> bool {
    if unit.is_empty() {
        return true;
    }
    if stem_length <= unit.len() || name[stem_length - unit.len() - 1] != b'_' {
        return false;
    }
    same_at(name, stem_length - unit.len(), unit)
}

/// The first rule that a list of label names breaks, if any.
pub(crate) const fn labels_problem(labels: &[&str]) -> Option<Problem> {
    let mut at = 0;
    while at < labels.len() {
        let label = labels[at].as_bytes();
        if !is_identifier(label) {
            return Some(Problem::LabelName);
        }
        if starts_with(label, b"__") || equal(label, b"le") || equal(label, b"quantile") {
            return Some(Problem::ReservedLabel);
        }
        let mut other = 0;
        while other < at {
            if equal(label, labels[other].as_bytes()) {
                return Some(Problem::RepeatedLabel);
            }
            other += 1;
        }
        at += 1;
    }
    None
}

const fn buckets_problem(metric: &Metric) -> Option<Problem> {
    if !matches!(metric.kind, Kind::Histogram) {
        return match metric.buckets {
            Some(_) => Some(Problem::BucketsOnOther),
            None => None,
        };
    }
    let bounds = metric.upper_bounds();
    if bounds.is_empty() {
        return Some(Problem::NoBuckets);
    }
    if bounds.len() > 64 {
        return Some(Problem::TooManyBuckets);
    }
    let mut at = 0;
    while at < bounds.len() {
        if !(bounds[at] > 0.0 && bounds[at] < f64::INFINITY) {
            return Some(Problem::BucketValue);
        }
        if at > 0 && bounds[at] < bounds[at - 1] * 1.01 {
            return Some(Problem::BucketOrder);
        }
        at += 1;
    }
    None
}

/// Whether this can be the name of a metric, colons of recording rules included.
#[cfg(feature = "prometheus")]
pub(crate) fn is_metric_name(name: &str) -> bool {
    is_identifier(name.replace(':', "_").as_bytes())
}

const fn is_identifier(text: &[u8]) -> bool {
    if text.is_empty() || text[0].is_ascii_digit() {
        return false;
    }
    let mut at = 0;
    while at < text.len() {
        if !(text[at].is_ascii_alphanumeric() || text[at] == b'_') {
            return false;
        }
        at += 1;
    }
    true
}

const fn starts_with(text: &[u8], start: &[u8]) -> bool {
    text.len() >= start.len() && same_at(text, 0, start)
}

const fn ends_with(text: &[u8], end: &[u8]) -> bool {
    text.len() >= end.len() && same_at(text, text.len() - end.len(), end)
}

pub(crate) const fn equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && same_at(one, 0, other)
}

const fn same_at(text: &[u8], from: usize, part: &[u8]) -> bool {
    let mut at = 0;
    while at < part.len() {
        if text[from + at] != part[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(metric: Metric, expected: Option<Problem>) {
        assert_eq!(problem(&metric), expected, "{}", metric.name);
    }

    #[test]
    fn sound_descriptions_pass() {
        check(Metric::counter("boxes_packed_total", "Boxes."), None);
        check(
            Metric::counter("sent_bytes_total", "B.").unit(Unit::Bytes),
            None,
        );
        check(
            Metric::gauge("queue_depth", "Waiting.").labels(&["queue"]),
            None,
        );
        check(
            Metric::histogram("packing_seconds", "T.").unit(Unit::Seconds),
            None,
        );
        check(
            Metric::histogram("score", "S.").buckets(&[1.0, 2.0, 3.0]),
            None,
        );
    }

    #[test]
    fn names() {
        check(Metric::counter("", "h"), Some(Problem::Name));
        check(Metric::counter("1st_total", "h"), Some(Problem::Name));
        check(Metric::counter("a-b_total", "h"), Some(Problem::Name));
        check(Metric::counter("job:a_total", "h"), Some(Problem::Name));
        check(Metric::counter("größe_total", "h"), Some(Problem::Name));
        check(Metric::gauge("__a", "h"), Some(Problem::ReservedName));
        check(Metric::counter("boxes", "h"), Some(Problem::CounterSuffix));
        check(
            Metric::gauge("boxes_total", "h"),
            Some(Problem::TotalSuffix),
        );
        check(
            Metric::gauge("boxes_count", "h"),
            Some(Problem::SeriesSuffix),
        );
        check(Metric::gauge("boxes_sum", "h"), Some(Problem::SeriesSuffix));
        check(
            Metric::gauge("boxes_bucket", "h"),
            Some(Problem::SeriesSuffix),
        );
        check(
            Metric::gauge("boxes_created", "h"),
            Some(Problem::SeriesSuffix),
        );
        check(Metric::gauge("a", ""), Some(Problem::Help));
    }

    #[test]
    fn units() {
        let seconds = |name| Metric::histogram(name, "h").unit(Unit::Seconds);
        check(seconds("packing"), Some(Problem::UnitSuffix));
        check(seconds("packingseconds"), Some(Problem::UnitSuffix));
        check(seconds("seconds"), Some(Problem::UnitSuffix));
        check(
            Metric::counter("bytes_total", "h").unit(Unit::Bytes),
            Some(Problem::UnitSuffix),
        );
        check(
            Metric::counter("cpu_seconds_total", "h").unit(Unit::Seconds),
            Some(Problem::CounterUnit),
        );
        check(
            Metric::counter("idle_ratio_total", "h").unit(Unit::Ratio),
            Some(Problem::CounterUnit),
        );
    }

    #[test]
    fn counters_of_the_catalogue_may_be_no_whole_numbers() {
        let cpu = Metric::counter("cpu_seconds_total", "h").unit(Unit::Seconds);
        assert_eq!(own_problem(&cpu), None);
        let bare = Metric::counter("cpu_total", "h").unit(Unit::Seconds);
        assert_eq!(own_problem(&bare), Some(Problem::UnitSuffix));
    }

    #[test]
    fn labels() {
        let labels = |labels| Metric::gauge("g", "h").labels(labels);
        check(labels(&["a", "b", "_c"]), None);
        check(labels(&["a b"]), Some(Problem::LabelName));
        check(labels(&[""]), Some(Problem::LabelName));
        check(labels(&["le"]), Some(Problem::ReservedLabel));
        check(labels(&["quantile"]), Some(Problem::ReservedLabel));
        check(labels(&["__name__"]), Some(Problem::ReservedLabel));
        check(labels(&["a", "b", "a"]), Some(Problem::RepeatedLabel));
    }

    #[test]
    fn buckets() {
        let buckets = |buckets| Metric::histogram("h", "h").buckets(buckets);
        check(buckets(&[]), Some(Problem::NoBuckets));
        check(buckets(&[0.0, 1.0]), Some(Problem::BucketValue));
        check(buckets(&[-1.0]), Some(Problem::BucketValue));
        check(buckets(&[f64::NAN]), Some(Problem::BucketValue));
        check(buckets(&[1.0, f64::INFINITY]), Some(Problem::BucketValue));
        check(buckets(&[2.0, 1.0]), Some(Problem::BucketOrder));
        check(buckets(&[1.0, 1.0]), Some(Problem::BucketOrder));
        check(buckets(&[1.0, 1.001]), Some(Problem::BucketOrder));
        check(buckets(&[1.0; 65]), Some(Problem::TooManyBuckets));
        check(
            Metric::gauge("g", "h").buckets(&[1.0]),
            Some(Problem::BucketsOnOther),
        );
    }
}
