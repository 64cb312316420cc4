//! All series of one metric: found without a lock, added under one, never more than the cap.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use foldhash::fast::FixedState;

use crate::catalog::{Kind, Metric};
use crate::label::OVERFLOW;
use crate::metrics::counter::{CounterCell, InFlightCell};
use crate::metrics::gauge::GaugeCell;
use crate::metrics::histogram::{HistogramCells, Snapshot};
use crate::metrics::index::Index;
use crate::metrics::layout::Layout;
use crate::metrics::list::AppendList;
use crate::metrics::losses::Losses;
use crate::metrics::sink::{Head, Labels, Sink, Type, Value, label_block};

/// All series of one metric.
pub(crate) struct Series {
    pub(crate) metric: Metric,
    shape: Shape,
    labels: Box<[&'static str]>,
    cap: usize,
    hasher: FixedState,
    index: Index<One>,
    all: AppendList<One>,
    count: Mutex<usize>,
    /// Whether the cap is reached: what is new then takes no lock.
    full: AtomicBool,
    overflow: OnceLock<One>,
    pub(crate) losses: &'static Losses,
}

/// What the cells of a family look like.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Counter,
    Gauge,
    InFlight,
    Histogram(&'static Layout),
}

/// One series: its labels and its cells.
struct One {
    values: Box<[&'static str]>,
    block: Box<str>,
    cells: Cells,
}

/// A series' cells, by shape.
pub(crate) enum Cells {
    Counter(CounterCell),
    Gauge(GaugeCell),
    InFlight(InFlightCell),
    Histogram(HistogramCells),
}

impl Series {
    pub(crate) fn new(
        metric: Metric,
        shape: Shape,
        labels: &'static [&'static str],
        cap: usize,
        seed: u64,
    ) -> Self {
        Self {
            metric,
            shape,
            labels: labels.into(),
            cap,
            hasher: FixedState::with_seed(seed),
            index: Index::new(),
            all: AppendList::new(),
            count: Mutex::new(0),
            full: AtomicBool::new(false),
            overflow: OnceLock::new(),
            losses: Box::leak(Box::new(Losses::new())),
        }
    }

    /// The cells of a label set, made if they are new and there is room; else those of the overflow series.
    ///
    /// `values` has a value for each label. Finding takes no lock and allocates nothing.
    pub(crate) fn resolve(&'static self, values: &[&str]) -> &'static Cells {
        debug_assert_eq!(values.len(), self.labels.len());
        let hash = self.hash(values);
        let is = |one: &One| *one.values == *values;
        if let Some(found) = self.index.find(hash, is) {
            return &found.cells;
        }
        if values.iter().all(|value| *value == OVERFLOW) && !values.is_empty() {
            return &self.overflow().cells;
        }
        if self.full.load(Ordering::Relaxed) {
            self.losses.series();
            return &self.overflow().cells;
        }
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = self.index.find(hash, is) {
            return &found.cells;
        }
        if *count >= self.cap {
            self.full.store(true, Ordering::Relaxed);
            self.losses.series();
            return &self.overflow().cells;
        }
        let values = values.iter().map(|value| leak(value)).collect();
        let one = self.all.push(self.one(values));
        self.index.insert(*count, hash, one);
        *count += 1;
        &one.cells
    }

    fn hash(&self, values: &[&str]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        for value in values {
            hasher.write(value.as_bytes());
            hasher.write_u8(0xff); // no byte of UTF-8: ("x", "yz") is not ("xy", "z")
        }
        hasher.finish()
    }

    fn overflow(&self) -> &One {
        self.overflow
            .get_or_init(|| self.one(vec![OVERFLOW; self.labels.len()].into()))
    }

    fn one(&self, values: Box<[&'static str]>) -> One {
        One {
            block: label_block(&self.labels, &values).into(),
            values,
            cells: self.cells(),
        }
    }

    fn cells(&self) -> Cells {
        match self.shape {
            Shape::Counter => Cells::Counter(CounterCell::new()),
            Shape::Gauge => Cells::Gauge(GaugeCell::new()),
            Shape::InFlight => Cells::InFlight(InFlightCell::new()),
            Shape::Histogram(layout) => Cells::Histogram(HistogramCells::new(layout, self.losses)),
        }
    }

    /// Hands on the family; takes no lock.
    pub(crate) fn collect(&'static self, sink: &mut dyn Sink, scratch: &mut Snapshot) {
        sink.family(&Head {
            name: self.metric.name(),
            help: self.metric.help(),
            kind: Type::Ours(self.metric.kind()),
            unit: self.metric.base_unit(),
        });
        for one in self.all.iter().chain(self.overflow.get()) {
            let labels = Labels {
                names: &self.labels,
                values: &one.values,
                block: &one.block,
            };
            match &one.cells {
                Cells::Counter(cell) => sink.series(&labels, &Value::Whole(cell.value())),
                Cells::InFlight(cell) => sink.series(&labels, &Value::Whole(cell.value())),
                Cells::Gauge(cell) => sink.series(&labels, &Value::Number(cell.value())),
                Cells::Histogram(cells) => {
                    cells.read(scratch);
                    sink.series(&labels, &Value::Histogram(scratch));
                }
            }
        }
    }
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
            .ok_or("three of its buckets lie too close together")?,
    })
}
