//! A family: its series are found without a lock, added under one, and never more than the cap.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hasher};
use std::sync::OnceLock;

use foldhash::fast::FixedState;

use crate::catalog::{Kind, Metric};
use crate::label::OVERFLOW;
use crate::metrics::cells::counter::CounterCell;
use crate::metrics::cells::gauge::GaugeCell;
use crate::metrics::cells::histogram::HistogramCells;
use crate::metrics::cells::layout::Layout;
use crate::metrics::cells::losses::Losses;
use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::cells::timestamp::Timestamp;
use crate::metrics::cells::traffic::TrafficCells;
use crate::metrics::expose::sink::Sink;
use crate::metrics::lockfree::bounded::Bounded;
use crate::metrics::registry::account::Account;
use crate::metrics::registry::static_labels::StaticLabels;
use crate::metrics::registry::view::View;

/// All series of one metric, or of several that show parts of what is recorded there.
pub(crate) struct FamilyCore {
    shape: Shape,
    labels: Box<[&'static str]>,
    views: Box<[View]>,
    hasher: FixedState,
    known: Bounded<Series>,
    overflow: OnceLock<Series>,
    pub(crate) losses: &'static Losses,
}

/// What the cells of a series look like.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Counter,
    Gauge,
    Histogram(&'static Layout),
    Traffic(Option<&'static Layout>),
}

/// One series: its labels and its cells.
pub(crate) struct Series {
    pub(crate) labels: StaticLabels,
    /// When it was made.
    pub(crate) since: Timestamp,
    pub(crate) cells: Cells,
}

/// A series' cells, by shape.
pub(crate) enum Cells {
    Counter(CounterCell),
    Gauge(GaugeCell),
    // Elsewhere, since they are larger than the others and begin a cache line.
    Histogram(&'static HistogramCells),
    Traffic(&'static TrafficCells),
}

impl Cells {
    #[cfg(feature = "business")]
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Cells::Counter(cell) => Some(cell.value()),
            _ => None,
        }
    }

    pub(crate) fn histogram(&self) -> Option<&'static HistogramCells> {
        match self {
            Cells::Histogram(cells) => Some(cells),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn traffic(&self) -> Option<&'static TrafficCells> {
        match self {
            Cells::Traffic(cells) => Some(cells),
            _ => None,
        }
    }
}

impl FamilyCore {
    pub(crate) fn new(
        shape: Shape,
        labels: &'static [&'static str],
        views: Box<[View]>,
        cap: usize,
        seed: u64,
    ) -> Self {
        Self {
            shape,
            labels: labels.into(),
            views,
            hasher: FixedState::with_seed(seed),
            known: Bounded::new(cap),
            overflow: OnceLock::new(),
            losses: Box::leak(Box::new(Losses::new())),
        }
    }

    /// The families that show these series.
    pub(crate) fn views(&self) -> &[View] {
        &self.views
    }

    /// The name of the first of them.
    pub(crate) fn name(&self) -> &'static str {
        self.views.first().map_or("", |view| view.metric.name())
    }

    /// What the families could not record.
    pub(crate) fn accounts(&'static self) -> impl Iterator<Item = Account<'static>> {
        let views = self.views.iter();
        views.map(|view| Account::of(&view.metric, self.losses))
    }

    /// The names of the labels.
    pub(crate) fn labels(&self) -> &[&'static str] {
        &self.labels
    }

    /// All series, the one for what found no room last.
    pub(crate) fn all(&'static self) -> impl Iterator<Item = &'static Series> {
        self.known.iter().chain(self.overflow.get())
    }

    /// Whether there is a series of this label set.
    pub(crate) fn has(&'static self, values: &[&str]) -> bool {
        let hash = hash(self.hasher.build_hasher(), values);
        let is = |series: &Series| *series.labels.values() == *values;
        self.known.find(hash, is).is_some()
    }

    /// The cells of a label set, made if they are new and there is room; else those of the overflow series.
    ///
    /// `values` has a value for each label. Finding takes no lock and allocates nothing.
    pub(crate) fn resolve(&'static self, values: &[&str]) -> &'static Cells {
        debug_assert_eq!(values.len(), self.labels.len());
        let hash = hash(self.hasher.build_hasher(), values);
        let is = |series: &Series| *series.labels.values() == *values;
        if let Some(found) = self.known.find(hash, is) {
            return &found.cells;
        }
        if values.iter().all(|value| *value == OVERFLOW) && !values.is_empty() {
            return &self.overflow().cells;
        }
        let (make, admit) = (|| self.series(values), |series| self.admit(series));
        match self.known.add(hash, is, make, admit) {
            Some(series) => &series.cells,
            None => {
                self.losses.series();
                &self.overflow().cells
            }
        }
    }

    fn overflow(&'static self) -> &'static Series {
        if let Some(overflow) = self.overflow.get() {
            return overflow;
        }
        let mut is_new = false;
        let overflow = self.overflow.get_or_init(|| {
            is_new = true;
            self.series(&vec![OVERFLOW; self.labels.len()])
        });
        if is_new {
            self.admit(overflow);
        }
        overflow
    }

    fn admit(&'static self, series: &'static Series) {
        for view in &self.views {
            view.admit(series, &self.hasher);
        }
    }

    fn series(&self, values: &[&str]) -> Series {
        Series {
            labels: StaticLabels::new(&self.labels, values),
            since: Timestamp::now(),
            cells: self.cells(),
        }
    }

    fn cells(&self) -> Cells {
        match self.shape {
            Shape::Counter => Cells::Counter(CounterCell::new()),
            Shape::Gauge => Cells::Gauge(GaugeCell::new()),
            Shape::Histogram(layout) => {
                let cells = HistogramCells::new(layout, self.losses);
                Cells::Histogram(Box::leak(Box::new(cells)))
            }
            Shape::Traffic(sizes) => Cells::Traffic(Box::leak(Box::new(TrafficCells::new(sizes)))),
        }
    }

    /// Hands on all families that show these series; takes no lock.
    pub(crate) fn collect(&'static self, sink: &mut dyn Sink, scratch: &mut Snapshot) {
        for view in &self.views {
            view.collect(self, sink, scratch);
        }
    }
}

/// The hash of label values, in order.
pub(crate) fn hash(mut hasher: impl Hasher, values: &[&str]) -> u64 {
    for value in values {
        hasher.write(value.as_bytes());
        hasher.write_u8(0xff); // no byte of UTF-8: ("x", "yz") is not ("xy", "z")
    }
    hasher.finish()
}

/// Keeps a text for as long as the process lives.
pub(crate) fn leak(value: &str) -> &'static str {
    Box::leak(value.into())
}

/// The shape that a metric's kind asks for, or why it cannot be had.
pub(crate) fn shape_of(metric: &Metric) -> Result<Shape, Cow<'static, str>> {
    Ok(match metric.kind() {
        Kind::Counter => Shape::Counter,
        Kind::Gauge => Shape::Gauge,
        Kind::Histogram => Layout::shared(metric.base_unit(), metric.upper_bounds())
            .map(Shape::Histogram)
            .ok_or("its buckets are too large to be recorded, or lie too close together")?,
    })
}
