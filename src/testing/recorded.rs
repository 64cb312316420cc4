//! A copy of everything that was recorded, to look series up by name and labels.

use crate::metrics::{Head, Sample, Sink, Value};
use crate::setup::Monitoring;

/// Everything that was recorded, at one time.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    name: String,
    series: Vec<Series>,
}

#[derive(Clone, Debug)]
struct Series {
    name: String,
    labels: Vec<(String, String)>,
    value: Recording,
}

#[derive(Clone, Debug)]
enum Recording {
    Value(f64),
    Histogram(RecordedHistogram),
}

/// What a histogram holds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordedHistogram {
    /// The number of observations.
    pub count: u64,
    /// Their sum, in the metric's unit.
    pub sum: f64,
    /// Upper bound of each classic bucket below `+Inf`, and how many observations lie at or below it.
    pub buckets: Vec<(f64, u64)>,
}

impl Monitoring {
    /// Everything that was recorded until now.
    pub fn recorded(&self) -> Recorded {
        let mut recorded = Recorded::default();
        self.metrics().collect(&mut recorded);
        recorded
    }
}

impl Recorded {
    /// The sum of the counters or gauges of a family that have at least these labels; `None` when there is none.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.matching(name, labels)
            .filter_map(|series| match series.value {
                Recording::Value(value) => Some(value),
                Recording::Histogram(_) => None,
            })
            .reduce(|sum, value| sum + value)
    }

    /// The histograms of a family that have at least these labels, added up; `None` when there is none.
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Option<RecordedHistogram> {
        self.matching(name, labels)
            .filter_map(|series| match &series.value {
                Recording::Histogram(histogram) => Some(histogram.clone()),
                Recording::Value(_) => None,
            })
            .reduce(|mut sum, histogram| {
                sum.count += histogram.count;
                sum.sum += histogram.sum;
                for (total, (_, count)) in sum.buckets.iter_mut().zip(histogram.buckets) {
                    total.1 += count;
                }
                sum
            })
    }

    /// The labels of each series of a family.
    pub fn label_sets(&self, name: &str) -> Vec<Vec<(String, String)>> {
        self.matching(name, &[])
            .map(|series| series.labels.clone())
            .collect()
    }

    fn matching<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = &'a Series> {
        self.series.iter().filter(move |series| {
            series.name == name
                && labels.iter().all(|wanted| {
                    let is =
                        |(key, value): &(String, String)| (key.as_str(), value.as_str()) == *wanted;
                    series.labels.iter().any(is)
                })
        })
    }
}

impl Sink for Recorded {
    fn family(&mut self, head: &Head<'_>) -> bool {
        head.name.clone_into(&mut self.name);
        true
    }

    fn series(&mut self, series: &Sample<'_>) {
        let value = match &series.value {
            Value::Whole(n) => Recording::Value(*n as f64),
            Value::Number(n) => Recording::Value(*n),
            Value::Histogram(snapshot) => Recording::Histogram(RecordedHistogram {
                count: snapshot.count(),
                sum: snapshot.sum(),
                buckets: snapshot.classic().collect(),
            }),
            #[cfg(feature = "prometheus")]
            Value::Foreign(foreign) => Recording::Histogram(RecordedHistogram {
                count: foreign.count,
                sum: foreign.sum,
                buckets: foreign
                    .parts
                    .iter()
                    .map(|(at, n)| (*at, *n as u64))
                    .collect(),
            }),
        };
        let labels = series.labels.names.iter().zip(series.labels.values);
        self.series.push(Series {
            name: self.name.clone(),
            labels: labels
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            value,
        });
    }
}
