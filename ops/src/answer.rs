//! What an instance answers to `/metrics`: which metrics it has of its own, and which routes and functions it tells of.

use std::collections::{BTreeMap, BTreeSet};

use ecolaura_monitoring::catalog;
use ecolaura_monitoring::metrics::Metric;

use crate::error::Error;
use crate::family::{Family, Shape};

/// What an instance answers to `/metrics`, in text or OpenMetrics.
///
/// ```
/// use ecolaura_monitoring_ops::{Answer, Kit};
///
/// let answer = Answer::read("# TYPE parcels_sent counter\nparcels_sent_total{carrier=\"bike\"} 3\n")?;
/// let kit = Kit::new("ecolaura-api").answer(answer);
/// # Ok::<(), ecolaura_monitoring_ops::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    /// The metrics that are not of the catalogue.
    pub(crate) added: Vec<Family>,
    /// The routes and functions that it tells of, each as an objective names it.
    pub(crate) endpoints: BTreeSet<String>,
}

impl Answer {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// When the text does not say what any metric is, or of one two things.
    pub fn read(metrics: &str) -> Result<Self, Error> {
        let metrics = metrics.trim_start_matches('\u{feff}');
        let (mut families, mut types) = (Vec::new(), BTreeMap::new());
        for line in metrics.lines() {
            let Some((what, name, text)) = comment(line) else {
                sampled(&mut families, line);
                continue;
            };
            let family = place(&mut families, name);
            if what == "HELP" {
                family.help = text.to_owned();
                continue;
            }
            let one = text.trim_end();
            family.shape = shape(one);
            let before = types.insert(name, one).unwrap_or(one);
            if before != one {
                return Err(Error::new(format!(
                    "metric `{name}` is of two types, `{before}` and `{one}`: rename one"
                )));
            }
        }
        if types.is_empty() {
            return Err(Error::new(
                "there are no metrics with a line `# TYPE`: give it all that /metrics answers, such as curl http://127.0.0.1:9464/metrics writes",
            ));
        }
        families.retain(|family| {
            let name = family.name.as_str();
            // The catalogue has rows of its own, and what is no name cannot be asked for.
            can_be_asked_for(name, &NO_METRICS) && !is_known(name)
                // Its buckets go up and down, so no panel of a histogram would be right.
                && types.get(name) != Some(&"gaugehistogram")
        });
        let mut added = Vec::new();
        families
            .into_iter()
            .for_each(|family| family.join(&mut added));
        let endpoints = endpoints(metrics);
        Ok(Self { added, endpoints })
    }
}

/// A line with what a metric is or helps: which of both, its name, and that.
fn comment(line: &str) -> Option<(&str, &str, &str)> {
    const BLANKS: [char; 2] = [' ', '\t'];
    let rest = line.strip_prefix('#')?.trim_start_matches(BLANKS);
    let (what, rest) = rest.split_once(BLANKS)?;
    let (name, text) = rest.trim_start_matches(BLANKS).split_once(BLANKS)?;
    let text = text.trim_start_matches(BLANKS);
    ["HELP", "TYPE"]
        .contains(&what)
        .then_some((what, name, text))
}

/// The metric of this name, which is there then.
fn place<'a>(families: &'a mut Vec<Family>, name: &str) -> &'a mut Family {
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
    &mut families[place]
}

/// What a metric of this type is. One of which that is not known goes up and down.
fn shape(name: &str) -> Shape {
    match name {
        "counter" => Shape::Counter,
        "histogram" => Shape::Histogram,
        "summary" => Shape::Summary,
        "info" => Shape::Info,
        "stateset" => Shape::States,
        _ => Shape::Gauge,
    }
}

/// The name of a metric without the end that its only series has.
fn stem(family: &Family) -> &str {
    let end = family.end().unwrap_or_default();
    family.name.strip_suffix(end).unwrap_or(&family.name)
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
    let Some(rest) = rest.trim_start().strip_prefix('{') else {
        return;
    };
    let known: BTreeSet<String> = family.labels.drain(..).collect();
    let all = known.into_iter();
    let all = all.chain(labels(rest).into_iter().map(|(name, _)| name));
    // Those of buckets and quantiles are no labels of the metric.
    let all: BTreeSet<String> = all
        .filter(|label| can_be_asked_for(label, &NO_LABELS))
        .collect();
    family.labels = all.into_iter().collect();
}

/// The labels behind a brace, each with its name and its value as they are written: what stands before a `=` that is outside of quotes, and what is in
/// quotes after it.
fn labels(text: &str) -> Vec<(String, String)> {
    let (mut labels, mut name, mut value) = (Vec::new(), String::new(), String::new());
    let (mut is_quoted, mut is_escaped) = (false, false);
    for one in text.chars() {
        match one {
            '"' if !is_escaped => {
                is_quoted = !is_quoted;
                if !is_quoted {
                    let name = std::mem::take(&mut name);
                    labels.push((name.trim().to_owned(), std::mem::take(&mut value)));
                }
            }
            _ if is_quoted => {
                is_escaped = one == '\\' && !is_escaped;
                value.push(one);
            }
            '}' => break,
            ',' => name.clear(),
            '=' => {}
            one => name.push(one),
        }
    }
    labels
}

/// The routes and functions that are told of.
fn endpoints(metrics: &str) -> BTreeSet<String> {
    let of = |metric: &Metric, is_route: bool| {
        let head = format!("{}_count{{", metric.name());
        let all = metrics.lines().filter_map(move |line| {
            labels(line.strip_prefix(&head)?)
                .into_iter()
                .find(|(name, _)| name == "endpoint")
        });
        all.map(|(_, value)| value)
            .filter(move |value| value.starts_with('/') == is_route)
    };
    // A function may be called after a route, whose requests are others.
    of(&catalog::HTTP_REQUEST_DURATION, true)
        .chain(of(&catalog::REQUEST_LATENCY, false))
        .collect()
}

/// Words of PromQL that no expression can have as the name of a metric, and as that of a label, in small letters.
const NO_METRICS: [&str; 8] = [
    "atan2",
    "bool",
    "group_left",
    "group_right",
    "ignoring",
    "inf",
    "nan",
    "on",
];
const NO_LABELS: [&str; 5] = ["inf", "le", "nan", "quantile", "without"];

/// Whether it can be in an expression as it is.
fn can_be_asked_for(name: &str, but: &[&str]) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(is_plain)
        && !but.contains(&name.to_lowercase().as_str())
}

fn is_known(name: &str) -> bool {
    catalog::ALL.iter().any(|metric| {
        let stem = metric.name().strip_suffix("_total");
        metric.name() == name || stem == Some(name)
    })
}
