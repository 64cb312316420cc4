//! The two families that show what others could not record.

use std::collections::HashMap;

use crate::catalog::{self, Kind, Metric};
use crate::metrics::cells::losses::Losses;
use crate::metrics::cells::timestamp::Timestamp;
use crate::metrics::expose::sink::{Head, Labels, Sample, Sink, Value};

/// What the families of one name could not record until now.
pub(crate) struct Account<'a> {
    family: &'a str,
    /// `None` where no label set can find the family full.
    series: Option<u64>,
    /// `None` where any value can be recorded.
    observations: Option<u64>,
    since: Timestamp,
}

impl<'a> Account<'a> {
    /// What a family of this name and kind could not record until now; whether it `can_fill`.
    pub(crate) fn new(losses: &Losses, family: &'a str, kind: Kind, can_fill: bool) -> Self {
        let is_checked = kind == Kind::Histogram || losses.is_checked();
        Self {
            family,
            series: can_fill.then(|| losses.refused_series()),
            observations: is_checked.then(|| losses.refused_observations()),
            since: losses.since(),
        }
    }
}

impl Account<'static> {
    /// That of a family of ours.
    pub(crate) fn of(metric: &Metric, losses: &Losses) -> Self {
        let fixed = [catalog::TARGET_INFO, catalog::BUILD_INFO, catalog::SCRAPES];
        let is_fixed = fixed.iter().any(|own| own.name() == metric.name());
        let can_fill = !(is_fixed || metric.label_names().is_empty());
        Self::new(losses, metric.name(), metric.kind(), can_fill)
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
