//! A family of the `metrics` crate: series whose label names may differ, never more than the cap.

use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::fast::FixedState;

use crate::catalog::{Kind, Metric};
use crate::label::OVERFLOW;
use crate::metrics::bridge::facade::description::Description;
use crate::metrics::bridge::facade::handles::{Cells, CounterCells, GaugeCells, RecordedCells};
use crate::metrics::bridge::facade::labels::{LabelPairs, legal};
use crate::metrics::cells::histogram::HistogramCells;
use crate::metrics::cells::layout::Layout;
use crate::metrics::cells::losses::Losses;
use crate::metrics::cells::native::Coarseness;
use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::cells::timestamp::Timestamp;
use crate::metrics::expose::encode::{Owner, is_legacy};
use crate::metrics::expose::sink::{Head, Sample, Sink, Type, Value};
use crate::metrics::lockfree::bounded::Bounded;
use crate::metrics::registry::account::Account;
use crate::metrics::registry::family::hash;
use crate::metrics::registry::static_labels::{StaticLabels, leak_all};

/// All series of one name and kind.
pub(crate) struct Family {
    pub(crate) name: Box<str>,
    pub(crate) kind: Kind,
    description: Mutex<Description>,
    /// Of a histogram, chosen when its first series is made.
    layout: OnceLock<&'static Layout>,
    coarseness: Coarseness,
    hasher: FixedState,
    known: Bounded<Series>,
    overflow: OnceLock<Series>,
    losses: &'static Losses,
}

/// One series.
pub(crate) struct Series {
    names: Box<[&'static str]>,
    labels: StaticLabels,
    since: Timestamp,
    pub(crate) cells: Cells,
}

/// The series of a label set.
pub(crate) enum Found {
    /// It was made just now.
    New(&'static Series),
    /// It is known, or the one for what finds no room.
    Known(&'static Series),
}

impl Family {
    pub(crate) fn new(name: &str, kind: Kind, cap: usize, hasher: FixedState) -> Self {
        Self {
            name: name.into(),
            kind,
            description: Mutex::new(Description::none()),
            layout: OnceLock::new(),
            coarseness: Coarseness::new(),
            hasher,
            known: Bounded::new(cap),
            overflow: OnceLock::new(),
            losses: Box::leak(Box::new(Losses::new())),
        }
    }

    pub(crate) fn describe(&self, unit: Option<metrics::Unit>, help: &str) {
        let described = self.description.lock();
        let mut described = described.unwrap_or_else(PoisonError::into_inner);
        described.change(unit, help);
    }

    fn description(&self) -> Description {
        let described = self.description.lock();
        described.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The series of a label set, made if it is new and there is room; else that for what finds none.
    pub(crate) fn resolve(&'static self, labels: &LabelPairs<'_>) -> Found {
        let (names, values) = (labels.names(), labels.values());
        let legal_names = labels.legal_names();
        // There are as many names as values, so that the two cannot run into one another.
        let hashed = legal_names.iter().map(|name| &**name);
        let hashed: Vec<&str> = hashed.chain(values.iter().copied()).collect();
        let hash = hash(self.hasher.build_hasher(), &hashed);
        let is = |one: &Series| {
            let known = one.names.iter().map(|name| legal(name, Owner::Label));
            known.eq(legal_names.iter().cloned()) && *one.labels.values() == *values
        };
        if let Some(known) = self.known.find(hash, is) {
            return Found::Known(known);
        }
        if labels.say_overflow() {
            return Found::Known(self.overflow(&names));
        }
        let mut is_new = false;
        let make = || self.one(&names, &values);
        match self.known.add(hash, is, make, |_| is_new = true) {
            Some(one) if is_new => Found::New(one),
            Some(one) => Found::Known(one),
            None => {
                self.losses.series();
                Found::Known(self.overflow(&names))
            }
        }
    }

    /// The series for what finds no room, with the label names of what first found none. If that had no labels, a known series has some.
    fn overflow(&'static self, names: &[&str]) -> &'static Series {
        self.overflow.get_or_init(|| {
            let mut known = self.known.iter().map(|one| &one.names);
            let labelled = known.find(|names| !names.is_empty());
            let names = match (names, labelled) {
                ([], Some(labelled)) => labelled,
                (names, _) => names,
            };
            self.one(names, &vec![OVERFLOW; names.len()])
        })
    }

    fn one(&self, names: &[&str], values: &[&str]) -> Series {
        let are_identifiers = names.iter().all(|name| is_legacy(name, Owner::Label));
        Series {
            names: leak_all(names),
            labels: match are_identifiers {
                true => StaticLabels::new(names, values),
                false => StaticLabels::with_other_names(values),
            },
            since: Timestamp::now(),
            cells: self.cells(),
        }
    }

    fn cells(&self) -> Cells {
        match self.kind {
            Kind::Counter => Cells::Counter(Arc::new(CounterCells::new())),
            Kind::Gauge => Cells::Gauge(Arc::new(GaugeCells::new())),
            Kind::Histogram => {
                let layout = self.layout.get_or_init(|| self.choose_layout());
                let cells = HistogramCells::new(layout, self.losses);
                Cells::Histogram(Arc::new(RecordedCells(cells)))
            }
        }
    }

    fn choose_layout(&self) -> &'static Layout {
        let unit = self.description().recorded_unit(&self.name);
        let buckets = Metric::histogram("", "").unit(unit).upper_bounds();
        Layout::shared(unit, buckets).expect("the buckets of each unit lie far apart")
    }

    /// All series, the one for what found no room last.
    fn series(&'static self) -> impl Iterator<Item = &'static Series> {
        self.known.iter().chain(self.overflow.get())
    }

    /// Hands on the family, unless it has no series or `taken` says that its name is; whether it was not taken.
    pub(crate) fn collect(
        &'static self,
        taken: &dyn Fn(&str, Type) -> bool,
        sink: &mut dyn Sink,
        scratch: &mut Snapshot,
    ) -> bool {
        if self.series().next().is_none() {
            return true; // described, and not recorded so far
        }
        let kind = Type::Ours(self.kind);
        if taken(&legal(&self.name, Owner::Metric), kind) {
            return false;
        }
        let description = self.description();
        let wanted = sink.family(&Head {
            name: &self.name,
            help: &description.help,
            kind,
            unit: description.shown_unit(&self.name, self.kind),
        });
        if wanted {
            self.series().all(|one| {
                self.show(one, sink, scratch);
                !sink.is_done()
            });
        }
        true
    }

    fn show(&'static self, one: &'static Series, sink: &mut dyn Sink, scratch: &mut Snapshot) {
        let value = match &one.cells {
            Cells::Counter(cells) => Value::Whole(cells.value()),
            Cells::Gauge(cells) => Value::Number(cells.value()),
            Cells::Histogram(cells) => {
                scratch.clear();
                scratch.coarseness = Some(&self.coarseness);
                cells.0.read(scratch);
                Value::Histogram(scratch)
            }
        };
        sink.series(&Sample {
            labels: one.labels.shown(&one.names),
            value,
            since: (self.kind != Kind::Gauge).then_some(one.since),
            exemplar: None,
        });
    }

    /// What the family could not record; `None` while it has no series.
    pub(crate) fn account(&'static self) -> Option<Account<'static>> {
        self.series().next()?;
        let can_fill = self.series().any(|one| !one.names.is_empty());
        Some(Account::new(self.losses, &self.name, self.kind, can_fill))
    }
}
