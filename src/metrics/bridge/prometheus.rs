//! The bridge to the `prometheus` crate, both ways.

use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use prometheus::core::{Collector, Desc};
use prometheus::proto;

use crate::catalog::{self, Kind, Unit, validate};
use crate::metrics::expose::sink::{Foreign, Head, Labels, Sample, Sink, Type, Value};
use crate::metrics::registry::counter::Counter;
use crate::metrics::registry::family::FamilyCore;
use crate::metrics::registry::labelled::resolve;
use crate::metrics::registry::{Registry, Source};

thread_local! {
    /// For which of our registries this thread gathers a bridged one: its own families, should they be in it, are left out.
    static BRIDGING: Cell<Option<Registry>> = const { Cell::new(None) };
}

/// A registry of the `prometheus` crate, shown in our `/metrics`.
pub(crate) struct Bridged {
    registry: prometheus::Registry,
    ours: Registry,
    refused: &'static FamilyCore,
}

impl Bridged {
    pub(crate) fn new(registry: prometheus::Registry, ours: Registry) -> Self {
        Self {
            registry,
            ours,
            refused: ours.own(catalog::FAMILIES_REFUSED),
        }
    }

    fn refuse(&self, family: &str, reason: &str) {
        resolve::<Counter>(self.refused, &[family, reason]).inc();
    }
}

impl Source for Bridged {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        // Collectors are the service's own code: one that panics must not take the scrape down.
        let before = BRIDGING.replace(Some(self.ours));
        let gathered = catch_unwind(AssertUnwindSafe(|| self.registry.gather()));
        BRIDGING.set(before);
        let Ok(families) = gathered else {
            self.refuse("", "panic");
            return;
        };
        for family in &families {
            // In this order: asking takes the name.
            if !is_sound(family) {
                self.refuse(family.name(), "invalid");
            } else if taken(family.name(), type_of(family)) {
                self.refuse(family.name(), "duplicate");
            } else {
                let cap = self.ours.cap();
                if family.get_metric().len() > cap {
                    self.refuse(family.name(), "too_large");
                }
                write_family(family, cap, sink);
            }
        }
    }
}

/// Whether every scraper can read the family: a collector of a service's own can return anything.
fn is_sound(family: &proto::MetricFamily) -> bool {
    let are_sound = |metric: &proto::Metric| {
        let names: Vec<&str> = metric.get_label().iter().map(|pair| pair.name()).collect();
        validate::labels_problem(&names).is_none() && has_value(metric, family.get_field_type())
    };
    validate::is_metric_name(family.name()) && family.get_metric().iter().all(are_sound)
}

/// Whether the metric has the value that its family's type says, with buckets that ascend and never fall.
fn has_value(metric: &proto::Metric, kind: proto::MetricType) -> bool {
    match kind {
        proto::MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            let buckets = histogram.get_bucket().iter();
            let buckets = buckets.map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
            let buckets: Vec<_> = buckets.collect();
            let ascend = |pair: &[(f64, u64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
            let last = buckets.last().map_or(0, |(_, count)| *count);
            buckets.windows(2).all(ascend) && last <= histogram.get_sample_count()
        }
        _ => true,
    }
}

fn type_of(family: &proto::MetricFamily) -> Type {
    match family.get_field_type() {
        proto::MetricType::COUNTER => Type::Ours(Kind::Counter),
        proto::MetricType::GAUGE => Type::Ours(Kind::Gauge),
        proto::MetricType::HISTOGRAM => Type::Ours(Kind::Histogram),
        proto::MetricType::SUMMARY => Type::Summary,
        proto::MetricType::UNTYPED => Type::Untyped,
    }
}

/// Hands on a family, and no more series of it than a family of ours may have.
fn write_family(family: &proto::MetricFamily, cap: usize, sink: &mut dyn Sink) {
    let kind = family.get_field_type();
    let wanted = sink.family(&Head {
        name: family.name(),
        help: family.help(),
        kind: type_of(family),
        unit: Unit::None,
    });
    if !wanted {
        return;
    }
    for metric in family.get_metric().iter().take(cap) {
        let pairs = metric.get_label();
        let names: Vec<&str> = pairs.iter().map(|pair| pair.name()).collect();
        let values: Vec<&str> = pairs.iter().map(|pair| pair.value()).collect();
        write_metric(kind, metric, Labels::new(&names, &values), sink);
        if sink.is_done() {
            return;
        }
    }
}

fn write_metric(
    kind: proto::MetricType,
    metric: &proto::Metric,
    labels: Labels<'_>,
    sink: &mut dyn Sink,
) {
    let parts: Vec<(f64, f64)>;
    let value = match kind {
        proto::MetricType::COUNTER => Value::Number(metric.get_counter().value()),
        proto::MetricType::GAUGE => Value::Number(metric.get_gauge().value()),
        proto::MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            let buckets = histogram.get_bucket().iter();
            let below = buckets.filter(|bucket| bucket.upper_bound().is_finite());
            parts = below
                .map(|bucket| (bucket.upper_bound(), bucket.cumulative_count() as f64))
                .collect();
            Value::Foreign(Foreign {
                parts: &parts,
                count: histogram.get_sample_count(),
                sum: histogram.get_sample_sum(),
            })
        }
        proto::MetricType::SUMMARY => {
            let summary = metric.get_summary();
            let quantiles = summary.get_quantile().iter();
            parts = quantiles.map(|q| (q.quantile(), q.value())).collect();
            Value::Foreign(Foreign {
                parts: &parts,
                count: summary.sample_count(),
                sum: summary.sample_sum(),
            })
        }
        // The crate has no untyped metric; its plain model has no value for one either.
        proto::MetricType::UNTYPED => return,
    };
    sink.series(&Sample {
        labels,
        value,
        since: None,
        exemplar: None,
    });
}

/// Reads a number in both models of the `prometheus` crate: with its feature `protobuf` the getter is an
/// inherent `value`, without it an inherent `get_value`. Inherent methods win over these, so that each of the two
/// leads to the one that there is.
#[allow(dead_code)] // which of the two is dead depends on that feature
trait Number {
    fn value(&self) -> f64;
    fn get_value(&self) -> f64;
}

impl Number for proto::Counter {
    fn value(&self) -> f64 {
        self.get_value()
    }

    fn get_value(&self) -> f64 {
        self.value()
    }
}

impl Number for proto::Gauge {
    fn value(&self) -> f64 {
        self.get_value()
    }

    fn get_value(&self) -> f64 {
        self.value()
    }
}

/// Our families as a collector of the `prometheus` crate.
pub(crate) struct Exported {
    registry: Registry,
    descriptions: Vec<Desc>,
}

impl Exported {
    pub(crate) fn new(registry: Registry) -> Self {
        let mut heads = Heads(Vec::new());
        registry.collect_own(&mut heads);
        Self {
            registry,
            descriptions: heads.0,
        }
    }
}

impl Collector for Exported {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        let mut families = Families(Vec::new());
        if BRIDGING.get().is_some_and(|ours| ours.is(self.registry)) {
            return families.0;
        }
        self.registry.collect_own(&mut families);
        families.0
    }
}

/// Makes a description of each family.
struct Heads(Vec<Desc>);

impl Sink for Heads {
    fn family(&mut self, head: &Head<'_>) -> bool {
        let (name, help) = (head.name.to_owned(), head.help.to_owned());
        // Our names passed stricter rules than those of the crate.
        self.0
            .extend(Desc::new(name, help, Vec::new(), HashMap::new()));
        false
    }

    fn series(&mut self, _series: &Sample<'_>) {}
}

/// Makes the crate's families.
struct Families(Vec<proto::MetricFamily>);

impl Sink for Families {
    fn family(&mut self, head: &Head<'_>) -> bool {
        let mut family = proto::MetricFamily::default();
        family.set_name(head.name.to_owned());
        family.set_help(head.help.to_owned());
        family.set_field_type(match head.kind {
            Type::Ours(Kind::Counter) => proto::MetricType::COUNTER,
            Type::Ours(Kind::Histogram) => proto::MetricType::HISTOGRAM,
            Type::Ours(Kind::Gauge) | Type::Info | Type::Summary | Type::Untyped => {
                proto::MetricType::GAUGE
            }
        });
        self.0.push(family);
        true
    }

    fn series(&mut self, series: &Sample<'_>) {
        let Some(family) = self.0.last_mut() else {
            return;
        };
        let mut metric = proto::Metric::from_label(pairs(&series.labels));
        let number = match &series.value {
            Value::Whole(n) => *n as f64,
            Value::Number(n) => *n,
            Value::Histogram(snapshot) => {
                let mut histogram = proto::Histogram::default();
                histogram.set_sample_count(snapshot.count());
                histogram.set_sample_sum(snapshot.sum());
                histogram.set_bucket(
                    snapshot
                        .classic()
                        .map(|(bound, count)| bucket(bound, count))
                        .collect(),
                );
                metric.set_histogram(histogram);
                family.mut_metric().push(metric);
                return;
            }
            Value::Foreign(_) => return, // ours are never foreign
        };
        if family.get_field_type() == proto::MetricType::COUNTER {
            let mut counter = proto::Counter::default();
            counter.set_value(number);
            metric.set_counter(counter);
        } else {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(number);
            metric.set_gauge(gauge);
        }
        family.mut_metric().push(metric);
    }
}

fn pairs(labels: &Labels<'_>) -> Vec<proto::LabelPair> {
    let pairs = labels.names.iter().zip(labels.values);
    pairs
        .map(|(name, value)| {
            let mut pair = proto::LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value((*value).to_owned());
            pair
        })
        .collect()
}

fn bucket(bound: f64, count: u64) -> proto::Bucket {
    let mut bucket = proto::Bucket::default();
    bucket.set_upper_bound(bound);
    bucket.set_cumulative_count(count);
    bucket
}
