//! Families whose numbers are looked up when a scrape wants them: each is shown with what was read, or not at all.

use crate::catalog::Metric;
use crate::metrics::cells::timestamp::Timestamp;
use crate::metrics::expose::sink::{Head, Labels, Sample, Sink, Type, Value};

/// A family, and what shows its series from what is read of `T`.
pub(crate) type Looked<T> = (Metric, fn(&T, &mut Shown<'_>));

/// A family that a scrape wants: takes its series.
pub(crate) struct Shown<'a> {
    metric: &'a Metric,
    taken: &'a dyn Fn(&str, Type) -> bool,
    sink: &'a mut dyn Sink,
    /// Whether another one has the name; asked with the first series, since asking takes the name.
    is_taken: Option<bool>,
}

/// Shows those of these families that are wanted.
pub(crate) fn show<T>(
    families: &[Looked<T>],
    of: &T,
    taken: &dyn Fn(&str, Type) -> bool,
    sink: &mut dyn Sink,
) {
    for (metric, look) in families {
        if sink.is_done() {
            return;
        }
        if !sink.family(&Head::of(metric)) {
            continue;
        }
        let mut shown = Shown {
            metric,
            taken,
            sink: &mut *sink,
            is_taken: None,
        };
        look(of, &mut shown);
    }
}

impl Shown<'_> {
    /// A series with these values of the family's labels; none where the number could not be had.
    pub(crate) fn series(&mut self, values: &[&str], value: Option<Value<'_>>) {
        self.series_since(values, value, None);
    }

    /// A series of which it is known when its counting began.
    pub(crate) fn series_since(
        &mut self,
        values: &[&str],
        value: Option<Value<'_>>,
        since: Option<Timestamp>,
    ) {
        let Some(value) = value else { return };
        let (metric, taken) = (self.metric, self.taken);
        let is_taken = || taken(metric.name(), Type::Ours(metric.kind()));
        if *self.is_taken.get_or_insert_with(is_taken) {
            return;
        }
        self.sink.series(&Sample {
            labels: Labels::new(metric.label_names(), values),
            value,
            since,
            exemplar: None,
        });
    }
}
