//! What families could not record, and the two families that say so.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::catalog::{self, Kind, Metric};
use crate::metrics::cells::timestamp::Timestamp;
use crate::metrics::expose::sink::{Head, Labels, Sample, Sink, Value};

/// What one family could not record.
pub(crate) struct Losses {
    series: AtomicU64,
    observations: AtomicU64,
    /// Whether what is recorded is checked before, as that of histograms always is.
    is_checked: AtomicBool,
    since: Timestamp,
}

impl Losses {
    pub(crate) fn new() -> Self {
        Self {
            series: AtomicU64::new(0),
            observations: AtomicU64::new(0),
            is_checked: AtomicBool::new(false),
            since: Timestamp::now(),
        }
    }

    /// A label set found no room.
    pub(crate) fn series(&self) {
        self.series.fetch_add(1, Ordering::Relaxed);
    }

    /// Values are checked before they are recorded: how many are refused is shown, be it 0.
    #[cfg(feature = "business")]
    pub(crate) fn check(&self) {
        self.is_checked.store(true, Ordering::Relaxed);
    }

    /// A value cannot be recorded.
    #[cold]
    pub(crate) fn observation(&self) {
        self.observations.fetch_add(1, Ordering::Relaxed);
    }

    /// What a family of this name and kind could not record until now.
    pub(crate) fn account<'a>(&self, family: &'a str, kind: Kind, can_fill: bool) -> Account<'a> {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let is_checked = kind == Kind::Histogram || self.is_checked.load(Ordering::Relaxed);
        Account {
            family,
            series: can_fill.then(|| read(&self.series)),
            observations: is_checked.then(|| read(&self.observations)),
            since: self.since,
        }
    }
}

/// What the families of one name could not record until now.
pub(crate) struct Account<'a> {
    family: &'a str,
    /// `None` where no label set can find the family full.
    series: Option<u64>,
    /// `None` where any value can be recorded.
    observations: Option<u64>,
    since: Timestamp,
}

impl Account<'static> {
    /// That of a family of ours.
    pub(crate) fn of(metric: &Metric, losses: &Losses) -> Self {
        let fixed = [catalog::TARGET_INFO, catalog::BUILD_INFO, catalog::SCRAPES];
        let is_fixed = fixed.iter().any(|own| own.name() == metric.name());
        let can_fill = !(is_fixed || metric.label_names().is_empty());
        losses.account(metric.name(), metric.kind(), can_fill)
    }
}

impl Account<'_> {
    fn add(&mut self, other: &Self) {
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.wrapping_add(other)),
            (one, other) => one.or(other),
        };
        self.series = sum(self.series, other.series);
        self.observations = sum(self.observations, other.observations);
        self.since = self.since.min(other.since);
    }
}

/// Hands on what families could not record. Those of one name are one series: a bridge has them of several kinds.
pub(crate) fn collect<'a>(accounts: impl Iterator<Item = Account<'a>>, sink: &mut dyn Sink) {
    let mut places = HashMap::new();
    let mut merged: Vec<Account<'_>> = Vec::new();
    for account in accounts {
        let place = *places.entry(account.family).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(known) => known.add(&account),
            None => merged.push(account),
        }
    }
    one(catalog::SERIES_REFUSED, &merged, |of| of.series, sink);
    let observations = catalog::OBSERVATIONS_REFUSED;
    one(observations, &merged, |of| of.observations, sink);
}

fn one(
    metric: Metric,
    accounts: &[Account<'_>],
    count: fn(&Account<'_>) -> Option<u64>,
    sink: &mut dyn Sink,
) {
    if !sink.family(&Head::of(&metric)) {
        return;
    }
    for account in accounts {
        let Some(count) = count(account) else {
            continue;
        };
        sink.series(&Sample {
            labels: Labels::new(metric.label_names(), &[account.family]),
            value: Value::Whole(count),
            since: Some(account.since),
            exemplar: None,
        });
    }
}
