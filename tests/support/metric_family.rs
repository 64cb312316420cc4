//! The messages of Prometheus' protobuf format, read by a library that knows nothing of our writer.
//!
//! Source: `io/prometheus/client/metrics.proto` of prometheus/client_model; names and numbers are those of that file.

use std::collections::BTreeSet;

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct MetricFamily {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub help: String,
    #[prost(enumeration = "MetricType", tag = "3")]
    pub kind: i32,
    #[prost(message, repeated, tag = "4")]
    pub metric: Vec<Metric>,
    #[prost(string, tag = "5")]
    pub unit: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum MetricType {
    Counter = 0,
    Gauge = 1,
    Summary = 2,
    Untyped = 3,
    Histogram = 4,
}

#[derive(Clone, PartialEq, Message)]
pub struct Metric {
    #[prost(message, repeated, tag = "1")]
    pub label: Vec<LabelPair>,
    #[prost(message, optional, tag = "2")]
    pub gauge: Option<Gauge>,
    #[prost(message, optional, tag = "3")]
    pub counter: Option<Counter>,
    #[prost(message, optional, tag = "4")]
    pub summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    pub histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
pub struct LabelPair {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Gauge {
    #[prost(double, tag = "1")]
    pub value: f64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Counter {
    #[prost(double, tag = "1")]
    pub value: f64,
    #[prost(message, optional, tag = "2")]
    pub exemplar: Option<Exemplar>,
    #[prost(message, optional, tag = "3")]
    pub start: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Summary {
    #[prost(uint64, tag = "1")]
    pub count: u64,
    #[prost(double, tag = "2")]
    pub sum: f64,
    #[prost(message, repeated, tag = "3")]
    pub quantile: Vec<Quantile>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Quantile {
    #[prost(double, tag = "1")]
    pub quantile: f64,
    #[prost(double, tag = "2")]
    pub value: f64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Histogram {
    #[prost(uint64, tag = "1")]
    pub count: u64,
    #[prost(double, tag = "2")]
    pub sum: f64,
    #[prost(message, repeated, tag = "3")]
    pub bucket: Vec<Bucket>,
    #[prost(sint32, optional, tag = "5")]
    pub schema: Option<i32>,
    #[prost(double, optional, tag = "6")]
    pub zero_threshold: Option<f64>,
    #[prost(uint64, optional, tag = "7")]
    pub zero_count: Option<u64>,
    #[prost(message, repeated, tag = "12")]
    pub positive_span: Vec<BucketSpan>,
    // proto2: not packed
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    pub positive_delta: Vec<i64>,
    #[prost(message, optional, tag = "15")]
    pub start: Option<Timestamp>,
    #[prost(message, repeated, tag = "16")]
    pub exemplars: Vec<Exemplar>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Bucket {
    #[prost(uint64, tag = "1")]
    pub cumulative_count: u64,
    #[prost(double, tag = "2")]
    pub upper_bound: f64,
    #[prost(message, optional, tag = "3")]
    pub exemplar: Option<Exemplar>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct BucketSpan {
    #[prost(sint32, tag = "1")]
    pub offset: i32,
    #[prost(uint32, tag = "2")]
    pub length: u32,
}

#[derive(Clone, PartialEq, Message)]
pub struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    pub label: Vec<LabelPair>,
    #[prost(double, tag = "2")]
    pub value: f64,
    #[prost(message, optional, tag = "3")]
    pub timestamp: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Timestamp {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// All families of a scrape, in order, as a consumer needs them that keys them by name: each comes once, with a series or more, and
/// the labels of each series are sorted by name.
pub fn families(mut body: &[u8]) -> Vec<MetricFamily> {
    let (mut families, mut names) = (Vec::new(), BTreeSet::new());
    while !body.is_empty() {
        let family = MetricFamily::decode_length_delimited(&mut body).expect("a whole family");
        assert!(
            names.insert(family.name.clone()),
            "{} comes twice",
            family.name
        );
        assert!(!family.metric.is_empty(), "{} is empty", family.name);
        let mut series = BTreeSet::new();
        for metric in &family.metric {
            let labels = sorted(&metric.label);
            assert!(
                series.insert(labels),
                "{} has {metric:?} twice",
                family.name
            );
            exemplars(metric).for_each(|exemplar| drop(sorted(&exemplar.label)));
        }
        families.push(family);
    }
    families
}

fn sorted(labels: &[LabelPair]) -> Vec<(String, String)> {
    assert!(
        labels.is_sorted_by(|one, next| one.name < next.name),
        "{labels:?}"
    );
    let pairs = labels.iter();
    pairs
        .map(|pair| (pair.name.clone(), pair.value.clone()))
        .collect()
}

fn exemplars(metric: &Metric) -> impl Iterator<Item = &Exemplar> {
    let counter = metric
        .counter
        .iter()
        .filter_map(|counter| counter.exemplar.as_ref());
    let histogram = metric.histogram.iter();
    let buckets = histogram.clone().flat_map(|histogram| &histogram.bucket);
    let classic = buckets.filter_map(|bucket| bucket.exemplar.as_ref());
    let native = histogram.flat_map(|histogram| &histogram.exemplars);
    counter.chain(classic).chain(native)
}

/// The family of this name.
pub fn family(body: &[u8], name: &str) -> MetricFamily {
    let found = families(body)
        .into_iter()
        .find(|family| family.name == name);
    found.unwrap_or_else(|| panic!("{name} is missing"))
}

impl Histogram {
    /// The native buckets that are not empty: the index of each and what it holds.
    pub fn native(&self) -> Vec<(i32, u64)> {
        let (mut next, mut held) = (0, 0);
        let mut deltas = self.positive_delta.iter();
        let mut buckets = Vec::new();
        for (at, span) in self.positive_span.iter().enumerate() {
            assert!(at == 0 || span.offset >= 0, "spans ascend");
            next += span.offset;
            for _ in 0..span.length {
                held += deltas.next().expect("a delta for each bucket");
                if held != 0 {
                    buckets.push((next, u64::try_from(held).expect("no less than none")));
                }
                next += 1;
            }
        }
        assert_eq!(deltas.next(), None, "a bucket for each delta");
        buckets
    }
}
