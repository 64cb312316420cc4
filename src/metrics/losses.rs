//! What families could not record, and the two families that say so.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::catalog::{self, Kind, Metric};
use crate::metrics::family::Series;
use crate::metrics::sink::{Head, Labels, Sample, Sink, Type, Value, label_block};
use crate::metrics::timestamp::Timestamp;

/// What one family could not record.
pub(crate) struct Losses {
    series: AtomicU64,
    observations: AtomicU64,
    since: Timestamp,
}

impl Losses {
    pub(crate) fn new() -> Self {
        Self {
            series: AtomicU64::new(0),
            observations: AtomicU64::new(0),
            since: Timestamp::now(),
        }
    }

    /// A label set found no room.
    pub(crate) fn series(&self) {
        self.series.fetch_add(1, Ordering::Relaxed);
    }

    /// A value cannot be recorded.
    #[cold]
    pub(crate) fn observation(&self) {
        self.observations.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn series_refused(&self) -> u64 {
        self.series.load(Ordering::Relaxed)
    }

    pub(crate) fn observations_refused(&self) -> u64 {
        self.observations.load(Ordering::Relaxed)
    }
}

/// Hands on what these families could not record.
pub(crate) fn collect(
    families: impl Iterator<Item = &'static Series> + Clone,
    sink: &mut dyn Sink,
) {
    let shown = families.flat_map(|series| {
        let views = series.views().iter();
        views.map(|view| (view.metric, series.losses))
    });
    let can_fill = shown.clone().filter(|(metric, _)| {
        let fixed = [
            catalog::TARGET_INFO,
            catalog::FAMILIES_REFUSED,
            catalog::SCRAPES,
        ];
        let is_fixed = fixed.iter().any(|own| own.name() == metric.name());
        !(is_fixed || metric.label_names().is_empty())
    });
    one(
        catalog::SERIES_REFUSED,
        can_fill,
        Losses::series_refused,
        sink,
    );
    let histograms = shown.filter(|(metric, _)| metric.kind() == Kind::Histogram);
    one(
        catalog::OBSERVATIONS_REFUSED,
        histograms,
        Losses::observations_refused,
        sink,
    );
}

fn one(
    metric: Metric,
    families: impl Iterator<Item = (Metric, &'static Losses)>,
    of: fn(&Losses) -> u64,
    sink: &mut dyn Sink,
) {
    let wanted = sink.family(&Head {
        name: metric.name(),
        help: metric.help(),
        kind: Type::Ours(metric.kind()),
        unit: metric.base_unit(),
    });
    if !wanted {
        return;
    }
    for (family, losses) in families {
        let (names, values) = (metric.label_names(), [family.name()]);
        let block = label_block(names, &values);
        let labels = Labels {
            names,
            values: &values,
            block: Some(&block),
        };
        sink.series(&Sample {
            labels,
            value: Value::Whole(of(losses)),
            since: Some(losses.since),
            exemplar: None,
        });
    }
}
