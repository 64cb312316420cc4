//! Metrics by what a dashboard has to know of them.

use std::collections::BTreeSet;

use ecolaura_monitoring::catalog;
use ecolaura_monitoring::metrics::Kind;

use crate::error::Error;

/// What the series of a metric are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
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

impl From<&catalog::Metric> for Family {
    fn from(metric: &catalog::Metric) -> Self {
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
    /// The metrics that a service has besides those of the catalogue, read from what its `/metrics` answers, in text or OpenMetrics.
    ///
    /// # Errors
    ///
    /// When the text does not say what any metric is.
    pub fn added(metrics: &str) -> Result<Vec<Self>, Error> {
        let mut families: Vec<Self> = Vec::new();
        for line in metrics.lines() {
            match line.strip_prefix("# ") {
                Some(comment) => described(&mut families, comment),
                None => sampled(&mut families, line),
            }
        }
        if !metrics.lines().any(|line| line.starts_with("# TYPE ")) {
            return Err(Error::new(
                "there are no metrics with a line `# TYPE`: give it all that /metrics answers, such as curl http://127.0.0.1:9464/metrics writes",
            ));
        }
        // The catalogue has rows of its own, and what is no name cannot be asked for.
        families.retain(|family| is_name(&family.name) && !is_known(&family.name));
        let mut added = Vec::new();
        families
            .into_iter()
            .for_each(|family| family.join(&mut added));
        Ok(added)
    }

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
    fn end(&self) -> Option<&'static str> {
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

/// The name of a metric without the end that its only series has.
fn stem(family: &Family) -> &str {
    let end = family.end().unwrap_or_default();
    family.name.strip_suffix(end).unwrap_or(&family.name)
}

/// A line with what a metric is or helps.
fn described(families: &mut Vec<Family>, comment: &str) {
    let mut words = comment.splitn(3, ' ');
    let (Some(what), Some(name), Some(text)) = (words.next(), words.next(), words.next()) else {
        return;
    };
    if !["TYPE", "HELP"].contains(&what) {
        return;
    }
    let place = families.iter().position(|family| family.name == name);
    let place = place.unwrap_or_else(|| {
        families.push(Family {
            name: name.to_owned(),
            shape: Shape::Gauge,
            help: String::new(),
            labels: Vec::new(),
        });
        families.len() - 1
    });
    let family = &mut families[place];
    match (what, text) {
        ("HELP", help) => family.help = help.to_owned(),
        (_, "counter") => family.shape = Shape::Counter,
        (_, "histogram") => family.shape = Shape::Histogram,
        (_, "summary") => family.shape = Shape::Summary,
        (_, "info") => family.shape = Shape::Info,
        (_, "stateset") => family.shape = Shape::States,
        // Its buckets go up and down, so no panel of a histogram would be right.
        (_, "gaugehistogram") => drop(families.remove(place)),
        _ => {}
    }
}

/// What stands behind the name of a metric in those of its series.
const ENDS: [&str; 7] = [
    "_total", "_bucket", "_sum", "_count", "_created", "_info", "",
];

/// A line with a value.
fn sampled(families: &mut [Family], line: &str) {
    let end = line.find(['{', ' ']).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let is_its = |family: &&mut Family| {
        let end = name.strip_prefix(stem(family));
        name == family.name || end.is_some_and(|end| ENDS.contains(&end))
    };
    // What is of two, as the count of one and a metric of that name, is of the one described last.
    let Some(family) = families.iter_mut().rev().find(is_its) else {
        return;
    };
    // OpenMetrics describes these without the end of their names.
    if let Some(end) = family.end() {
        if name.strip_suffix(end) == Some(&family.name) {
            family.name = name.to_owned();
        }
    }
    let Some(labels) = rest.trim_start().strip_prefix('{') else {
        return;
    };
    let known: BTreeSet<String> = family.labels.drain(..).collect();
    let all = known.into_iter().chain(label_names(labels));
    let all: BTreeSet<String> = all
        .filter(|label| is_name(label) && label != "le" && label != "quantile")
        .collect();
    family.labels = all.into_iter().collect();
}

/// The names of labels: what stands before each `=` that is outside of quotes.
fn label_names(labels: &str) -> Vec<String> {
    let (mut names, mut name) = (Vec::new(), String::new());
    let (mut is_quoted, mut is_escaped) = (false, false);
    for one in labels.chars() {
        match one {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '=' => names.push(std::mem::take(&mut name).trim().to_owned()),
            '}' => break,
            ',' => name.clear(),
            one => name.push(one),
        }
    }
    names
}

/// Whether it can be in an expression as it is.
fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_plain)
}

fn is_known(name: &str) -> bool {
    catalog::ALL.iter().any(|metric| {
        let stem = metric.name().strip_suffix("_total");
        metric.name() == name || stem == Some(name)
    })
}
