//! The const description of one metric, from which everything else about it is derived.

use crate::catalog::validate;

/// What a metric counts or measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Only ever grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in buckets.
    Histogram,
}

impl Kind {
    /// The word of the `# TYPE` line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// The base unit of a metric; it is also the suffix of its name.
///
/// Source: the Prometheus naming practices (base units, unit as suffix).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// A number of things, or a score: no suffix.
    None,
    /// Seconds; recorded as whole nanoseconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// A share of one; recorded in billionths.
    Ratio,
}

impl Unit {
    /// The suffix that the name must carry, without the underscore; empty for [`Unit::None`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Unit::None => "",
            Unit::Seconds => "seconds",
            Unit::Bytes => "bytes",
            Unit::Ratio => "ratio",
        }
    }
}

/// Upper bounds in seconds of every latency histogram, unless it names its own.
///
/// Source: OpenTelemetry's semantic conventions for `http.server.request.duration`.
const LATENCY_BUCKETS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Upper bounds in bytes of every size histogram, unless it names its own.
const SIZE_BUCKETS: &[f64] = &[
    256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0, 67108864.0,
];

/// Upper bounds of a histogram of a share of one, unless it names its own.
const RATIO_BUCKETS: &[f64] = &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// Upper bounds of a histogram without a unit, unless it names its own.
const PLAIN_BUCKETS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];

/// A metric's description: name, kind, unit, help, labels, buckets.
///
/// ```
/// use ecolaura_monitoring::metrics::{Metric, Unit};
///
/// const PACKING: Metric = Metric::histogram("box_packing_seconds", "Time to pack a box.")
///     .unit(Unit::Seconds)
///     .buckets(&[1.0, 10.0, 60.0])
///     .checked(); // a broken rule does not compile
/// ```
///
/// # Errors
///
/// A description is only data. Its rules are checked where it is registered, which returns an
/// error, and by [`checked`](Self::checked), which stops the compiler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    pub(crate) labels: &'static [&'static str],
    pub(crate) buckets: Option<&'static [f64]>,
}

impl Metric {
    /// A counter; its name ends in `_total`.
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, Kind::Counter)
    }

    /// A gauge.
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, Kind::Gauge)
    }

    /// A histogram, classic and native from the same cells.
    pub const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, Kind::Histogram)
    }

    const fn new(name: &'static str, help: &'static str, kind: Kind) -> Self {
        Self {
            name,
            help,
            kind,
            unit: Unit::None,
            labels: &[],
            buckets: None,
        }
    }

    /// Sets the base unit; the name must end in it. Default: [`Unit::None`].
    pub const fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// Sets the label names. Default: none, or those of the [`LabelSet`](crate::metrics::LabelSet)
    /// the metric is registered with.
    pub const fn labels(mut self, labels: &'static [&'static str]) -> Self {
        self.labels = labels;
        self
    }

    /// Sets the upper bounds of the classic buckets, in the metric's unit. Default: by unit.
    ///
    /// At most 64, ascending, positive, finite and at least one percent apart. `+Inf` is implied. The native buckets reach as far: those of
    /// seconds end at 68 minutes unless a bound lies beyond.
    pub const fn buckets(mut self, buckets: &'static [f64]) -> Self {
        self.buckets = Some(buckets);
        self
    }

    /// Stops the compiler when the description breaks a rule.
    ///
    /// # Panics
    ///
    /// When it breaks a rule; in a `const`, that is an error of compilation.
    pub const fn checked(self) -> Self {
        if let Some(problem) = validate::problem(&self) {
            panic!("{}", problem.as_str());
        }
        self
    }

    /// The family's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The `# HELP` text.
    pub const fn help(&self) -> &'static str {
        self.help
    }

    /// Counter, gauge or histogram.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The base unit.
    pub const fn base_unit(&self) -> Unit {
        self.unit
    }

    /// The label names, in the order of exposition.
    pub const fn label_names(&self) -> &'static [&'static str] {
        self.labels
    }

    /// The upper bounds of the classic buckets; empty unless this is a histogram.
    pub const fn upper_bounds(&self) -> &'static [f64] {
        match (self.kind, self.buckets, self.unit) {
            (Kind::Histogram, Some(buckets), _) => buckets,
            (Kind::Histogram, None, Unit::Seconds) => LATENCY_BUCKETS,
            (Kind::Histogram, None, Unit::Bytes) => SIZE_BUCKETS,
            (Kind::Histogram, None, Unit::Ratio) => RATIO_BUCKETS,
            (Kind::Histogram, None, Unit::None) => PLAIN_BUCKETS,
            _ => &[],
        }
    }
}
