//! Metrics by what a dashboard has to know of them.

use ecolaura_monitoring::metrics::{Kind, Metric};

/// What the series of a metric are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One that only grows.
    Counter,
    /// One that goes up and down.
    Gauge,
    /// Buckets, a sum and a count.
    Histogram,
    /// A sum and a count.
    Summary,
    /// What is said of an instance, in labels.
    Info,
    /// A state for each value of a label, of which some are so.
    States,
}

/// A metric: its name as series have it, what it is, its help and its labels.
///
/// ```
/// use ecolaura_monitoring::metrics::Metric;
/// use ecolaura_monitoring_ops::{Family, Kit};
///
/// const PARCELS: Metric = Metric::counter("parcels_sent_total", "Parcels sent.").labels(&["carrier"]);
///
/// let kit = Kit::new("ecolaura-api").metric(Family::from(&PARCELS));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) help: String,
    pub(crate) labels: Vec<String>,
}

impl From<&Metric> for Family {
    fn from(metric: &Metric) -> Self {
        let labels = metric.label_names().iter();
        Self {
            name: metric.name().to_owned(),
            shape: match metric.kind() {
                Kind::Counter => Shape::Counter,
                Kind::Histogram => Shape::Histogram,
                _ => Shape::Gauge,
            },
            help: metric.help().to_owned(),
            labels: labels.map(|label| (*label).to_owned()).collect(),
        }
    }
}

impl Family {
    /// Puts it among others. What is there twice, as in the answers of two instances, has the labels of both.
    pub(crate) fn join(self, families: &mut Vec<Self>) {
        let mut known = families.iter_mut();
        match known.find(|known| known.name == self.name && known.shape == self.shape) {
            None => families.push(self),
            Some(known) => {
                let missing = self.labels.into_iter();
                let missing = missing.filter(|label| !known.labels.contains(label));
                let missing: Vec<String> = missing.collect();
                known.labels.extend(missing);
                if known.help.is_empty() {
                    known.help = self.help;
                }
            }
        }
    }

    /// What its only series has at the end of its name.
    pub(crate) fn end(&self) -> Option<&'static str> {
        match self.shape {
            Shape::Counter => Some("_total"),
            Shape::Info => Some("_info"),
            _ => None,
        }
    }

    /// What its values are measured in: the last word of its name that says so.
    pub(crate) fn unit(&self) -> &str {
        let name = self.name.strip_suffix("_total").unwrap_or(&self.name);
        name.rsplit('_').next().unwrap_or_default()
    }
}
