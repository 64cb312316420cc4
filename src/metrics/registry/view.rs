//! How series are shown: one recording can be several families, each by all of its labels or by some.
//!
//! A request is recorded once, by method, endpoint, status and outcome. Its count is a counter by all four, its time a
//! histogram by the first three: the two families disagree by no more than what is recorded while a scrape reads them, and a
//! request writes less.

use std::hash::BuildHasher;
use std::iter::once;

use crate::catalog::{Kind, Metric};
use crate::metrics::cells::exemplar::Exemplar;
use crate::metrics::cells::histogram::HistogramCells;
use crate::metrics::cells::native::Coarseness;
use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::cells::timestamp::Timestamp;
use crate::metrics::cells::traffic::TrafficCells;
use crate::metrics::expose::sink::{Head, Labels, Sample, Sink, Value};
use crate::metrics::lockfree::bounded::Bounded;
use crate::metrics::lockfree::list::AppendList;
use crate::metrics::registry::family::{Cells, FamilyCore, Series, hash};
use crate::metrics::registry::static_labels::StaticLabels;

/// A family: what it shows of its series, and by which of their labels.
pub(crate) struct View {
    pub(crate) metric: Metric,
    part: Part,
    groups: Option<Groups>,
    coarseness: Coarseness,
}

/// What of the cells is shown.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// All there is.
    Whole,
    /// Of a histogram, how many observations there are.
    Count,
    /// Of a counter, its count divided by what its labels say.
    #[cfg(feature = "business")]
    Divided(fn(&[&str]) -> f64),
    /// Of traffic, what is under way.
    UnderWay,
    /// Of traffic, the bytes received.
    Received,
    /// Of traffic, the bytes sent.
    Sent,
}

/// Series that are alike in some of their labels.
struct Groups {
    labels: Box<[&'static str]>,
    /// Where those are among the labels of the series.
    places: Box<[usize]>,
    known: Bounded<Group>,
}

struct Group {
    labels: StaticLabels,
    /// When its first member was made.
    since: Timestamp,
    members: AppendList<&'static Series>,
}

impl View {
    /// Shows a part of series with these labels as a family with the labels of `metric`, which are some of them.
    pub(crate) fn new(metric: Metric, part: Part, labels: &[&'static str]) -> Self {
        let own = metric.label_names();
        let is_all = own == labels;
        debug_assert!(is_all || !matches!(part, Part::Whole) || metric.kind() == Kind::Histogram);
        let place = |name| labels.iter().position(|label| label == name);
        Self {
            metric,
            part,
            coarseness: Coarseness::new(),
            groups: (!is_all).then(|| Groups {
                labels: own.into(),
                places: own.iter().filter_map(place).collect(),
                known: Bounded::new(usize::MAX), // no more than there are series
            }),
        }
    }

    /// Shows this series as well.
    pub(crate) fn admit(&'static self, series: &'static Series, hasher: &impl BuildHasher) {
        if let Some(groups) = &self.groups {
            groups.admit(series, hasher);
        }
    }

    /// Hands on the family; takes no lock.
    pub(crate) fn collect(
        &'static self,
        family: &'static FamilyCore,
        sink: &mut dyn Sink,
        scratch: &mut Snapshot,
    ) {
        if !sink.family(&Head::of(&self.metric)) {
            return;
        }
        match &self.groups {
            None => family.all().all(|series| {
                let labels = series.labels.shown(family.labels());
                self.show(labels, series.since, once(&series.cells), sink, scratch)
            }),
            Some(groups) => groups.known.iter().all(|group| {
                let members = group.members.iter().map(|series| &series.cells);
                if members.clone().next().is_none() {
                    return true; // its first member is just being added
                }
                let labels = group.labels.shown(&groups.labels);
                self.show(labels, group.since, members, sink, scratch)
            }),
        };
    }

    /// Hands on one series; whether more are wanted.
    fn show(
        &'static self,
        labels: Labels<'_>,
        since: Timestamp,
        cells: impl Iterator<Item = &'static Cells> + Clone,
        sink: &mut dyn Sink,
        scratch: &mut Snapshot,
    ) -> bool {
        let (value, exemplar) = self.read(&labels, cells, scratch);
        sink.series(&Sample {
            labels,
            value,
            since: (self.metric.kind() != Kind::Gauge).then_some(since),
            exemplar,
        });
        !sink.is_done()
    }
}

impl Groups {
    fn admit(&'static self, series: &'static Series, hasher: &impl BuildHasher) {
        let all = series.labels.values();
        let values: Vec<&str> = self.places.iter().map(|at| all[*at]).collect();
        let hash = hash(hasher.build_hasher(), &values);
        let is = |group: &Group| *group.labels.values() == *values;
        let make = || Group {
            labels: StaticLabels::new(&self.labels, &values),
            since: series.since,
            members: AppendList::new(),
        };
        if let Some(group) = self.known.add(hash, is, make, |_| {}) {
            group.members.push(series);
        }
    }
}

impl View {
    #[cfg_attr(not(feature = "business"), allow(unused_variables))]
    fn read<'a>(
        &'static self,
        labels: &Labels<'_>,
        cells: impl Iterator<Item = &'static Cells> + Clone,
        scratch: &'a mut Snapshot,
    ) -> (Value<'a>, Option<Exemplar>) {
        let traffic = cells.clone().filter_map(Cells::traffic);
        scratch.clear();
        scratch.coarseness = Some(&self.coarseness);
        match self.part {
            Part::Whole => {
                for cells in cells {
                    match cells {
                        Cells::Counter(cell) => {
                            return (Value::Whole(cell.value()), cell.exemplar());
                        }
                        Cells::Gauge(cell) => return (Value::Number(cell.value()), None),
                        Cells::Histogram(cells) => cells.read(scratch),
                        Cells::Traffic(_) => {}
                    }
                }
            }
            Part::Count => {
                let histograms = cells.filter_map(Cells::histogram);
                let youngest = histograms.clone().filter_map(HistogramCells::youngest);
                let exemplar = youngest.max_by_key(|exemplar| exemplar.at);
                let one = exemplar.map(|exemplar| Exemplar {
                    value: 1,
                    ..exemplar
                });
                return (
                    Value::Whole(histograms.map(HistogramCells::count).sum()),
                    one,
                );
            }
            #[cfg(feature = "business")]
            Part::Divided(by) => {
                let count: u64 = cells.filter_map(Cells::count).sum();
                return (Value::Number(count as f64 / by(labels.values)), None);
            }
            Part::UnderWay => return (Value::Whole(TrafficCells::under_way(traffic)), None),
            Part::Received => traffic.for_each(|cells| cells.read_received(scratch)),
            Part::Sent => traffic.for_each(|cells| cells.read_sent(scratch)),
        }
        (Value::Histogram(scratch), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;
    use crate::metrics::registry::{Registry, own_shape};

    /// A scrape may come between a group and its first member.
    #[test]
    fn a_group_without_members_is_not_shown() {
        let registry = Registry::new(10);
        let (requests, duration) = (catalog::HTTP_REQUESTS, catalog::HTTP_REQUEST_DURATION);
        let views = [(duration, Part::Whole)];
        let series = registry.own_views(own_shape(&duration), requests.label_names(), &views);
        let groups = series.views()[0].groups.as_ref().unwrap();
        let make = || Group {
            labels: StaticLabels::new(&groups.labels, &["GET", "/", "200"]),
            since: Timestamp::now(),
            members: AppendList::new(),
        };
        groups.known.add(0, |_| false, make, |_| {});
        assert!(!registry.render().contains("_bucket"));
        series.resolve(&["GET", "/", "200", "success"]);
        assert!(registry.render().contains("le=\"0.005\"} 0"));
    }
}
