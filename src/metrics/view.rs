//! How series are shown: one recording can be several families, each by all of its labels or by some.
//!
//! A request is recorded once, by method, endpoint, status and outcome. Its count is a counter by all four, its time a
//! histogram by the first three: what the two families say can never disagree, and a request writes less.

use std::hash::BuildHasher;
use std::iter::once;
use std::sync::{Mutex, PoisonError};

use crate::catalog::Metric;
use crate::metrics::family::{Cells, One, Series, hash};
use crate::metrics::histogram::Snapshot;
use crate::metrics::index::Index;
use crate::metrics::list::AppendList;
use crate::metrics::sink::{Head, Labels, Sink, Type, Value, label_block};
use crate::metrics::traffic::TrafficCells;

/// A family: what it shows of its series, and by which of their labels.
pub(crate) struct View {
    pub(crate) metric: Metric,
    part: Part,
    groups: Option<Groups>,
}

/// What of the cells is shown.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// All there is.
    Whole,
    /// Of a histogram, how many observations there are.
    Count,
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
    index: Index<Group>,
    all: AppendList<Group>,
    count: Mutex<usize>,
}

struct Group {
    values: Box<[&'static str]>,
    block: Box<str>,
    members: AppendList<&'static One>,
}

impl View {
    /// Shows a part of series with these labels as a family with the labels of `metric`, which are some of them.
    pub(crate) fn new(metric: Metric, part: Part, labels: &[&'static str]) -> Self {
        let own = metric.label_names();
        let is_all = own.is_empty() || own == labels;
        let place = |name| labels.iter().position(|label| label == name);
        Self {
            metric,
            part,
            groups: (!is_all).then(|| Groups {
                labels: own.into(),
                places: own.iter().filter_map(place).collect(),
                index: Index::new(),
                all: AppendList::new(),
                count: Mutex::new(0),
            }),
        }
    }

    /// Shows this series as well.
    pub(crate) fn admit(&'static self, one: &'static One, hasher: &impl BuildHasher) {
        if let Some(groups) = &self.groups {
            groups.admit(one, hasher);
        }
    }

    /// Hands on the family; takes no lock.
    pub(crate) fn collect(
        &'static self,
        series: &'static Series,
        sink: &mut dyn Sink,
        scratch: &mut Snapshot,
    ) {
        sink.family(&Head {
            name: self.metric.name(),
            help: self.metric.help(),
            kind: Type::Ours(self.metric.kind()),
            unit: self.metric.base_unit(),
        });
        let Some(groups) = &self.groups else {
            for one in series.all() {
                let labels = one.labels(series.labels());
                sink.series(&labels, &self.part.read(once(&one.cells), scratch));
            }
            return;
        };
        for group in groups.all.iter() {
            let labels = Labels {
                names: &groups.labels,
                values: &group.values,
                block: &group.block,
            };
            let members = group.members.iter().map(|one| &one.cells);
            sink.series(&labels, &self.part.read(members, scratch));
        }
    }
}

impl Groups {
    fn admit(&'static self, one: &'static One, hasher: &impl BuildHasher) {
        let values: Box<[&'static str]> = self.places.iter().map(|at| one.values[*at]).collect();
        let hash = hash(hasher.build_hasher(), &values);
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.index.find(hash, |group| group.values == values);
        let group = known.unwrap_or_else(|| {
            let group = self.all.push(Group {
                block: label_block(&self.labels, &values).into(),
                values,
                members: AppendList::new(),
            });
            self.index.insert(*count, hash, group);
            *count += 1;
            group
        });
        group.members.push(one);
    }
}

impl Part {
    fn read<'a>(
        self,
        cells: impl Iterator<Item = &'static Cells> + Clone,
        scratch: &'a mut Snapshot,
    ) -> Value<'a> {
        let traffic = cells.clone().filter_map(Cells::traffic);
        scratch.clear();
        match self {
            Part::Whole => {
                for cells in cells {
                    match cells {
                        Cells::Counter(cell) => return Value::Whole(cell.value()),
                        Cells::Gauge(cell) => return Value::Number(cell.value()),
                        Cells::Histogram(cells) => cells.read(scratch),
                        Cells::Traffic(_) => {}
                    }
                }
            }
            Part::Count => return Value::Whole(cells.map(Cells::count).sum()),
            Part::UnderWay => return Value::Whole(TrafficCells::under_way(traffic)),
            Part::Received => traffic.for_each(|cells| cells.read_received(scratch)),
            Part::Sent => traffic.for_each(|cells| cells.read_sent(scratch)),
        }
        Value::Histogram(scratch)
    }
}
