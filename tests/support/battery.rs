//! What the layer recorded for some requests, compared whole: no series too many, none too few, nothing left in flight.

use std::collections::BTreeMap;
use std::fmt::Debug;

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::testing::Recorded;

/// A monitoring that touches nothing global.
pub fn monitoring() -> Monitoring {
    Monitoring::builder("battery")
        .build()
        .expect("the environment is empty")
}

/// Expects exactly these series of `http_requests_total`, each written as `METHOD endpoint status outcome count`, as many times and
/// response sizes as requests, and nothing in flight.
#[track_caller]
pub fn check(monitoring: &Monitoring, expected: &[&str]) {
    if let Err(difference) = compare(monitoring, expected) {
        panic!("{difference}");
    }
}

/// As [`check`], with the difference as an `Err`.
pub fn compare(monitoring: &Monitoring, expected: &[&str]) -> Result<(), String> {
    let recorded = monitoring.recorded();
    let mut expected: Vec<_> = expected.iter().map(|line| (*line).to_owned()).collect();
    expected.sort();
    equal("requests", &requests(monitoring), &expected)?;
    equal("in flight", &in_flight(monitoring), &Vec::new())?;
    for (name, labels) in [
        ("http_request_duration_seconds", 3),
        ("http_response_size_bytes", 2),
    ] {
        equal(
            name,
            &observed(&recorded, name),
            &counted(&recorded, labels),
        )?;
    }
    Ok(())
}

fn equal<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what}: found {found:#?}, expected {expected:#?}")),
    }
}

/// The series of `http_requests_total`, sorted, each as `METHOD endpoint status outcome count`.
pub fn requests(monitoring: &Monitoring) -> Vec<String> {
    let labels = counted(&monitoring.recorded(), 4);
    let line = |(labels, count): (Vec<String>, u64)| format!("{} {count}", labels.join(" "));
    let mut lines: Vec<_> = labels.into_iter().map(line).collect();
    lines.sort();
    lines
}

/// The endpoints with requests in flight, each as `endpoint count`.
pub fn in_flight(monitoring: &Monitoring) -> Vec<String> {
    let name = "http_requests_in_flight";
    let recorded = monitoring.recorded();
    let lines = recorded.label_sets(name).into_iter().filter_map(|labels| {
        let count = recorded.value(name, &borrowed(&labels))?;
        (count != 0.0).then(|| format!("{} {count}", labels[0].1))
    });
    lines.collect()
}

/// How many times a stream of this endpoint ended, and their time in seconds.
pub fn lives(monitoring: &Monitoring, endpoint: &str) -> (u64, f64) {
    let labels = [("endpoint", endpoint)];
    let recorded = monitoring.recorded();
    let lives = recorded.histogram("http_stream_duration_seconds", &labels);
    lives.map_or((0, 0.0), |lives| (lives.count, lives.sum))
}

/// The seconds that requests took, all together.
pub fn seconds(monitoring: &Monitoring) -> f64 {
    let recorded = monitoring.recorded();
    let times = recorded.histogram("http_request_duration_seconds", &[]);
    times.map_or(0.0, |times| times.sum)
}

/// The observations and bytes of `http_request_size_bytes`.
pub fn received(monitoring: &Monitoring) -> (u64, f64) {
    size(monitoring, "http_request_size_bytes")
}

/// The observations and bytes of `http_response_size_bytes`.
pub fn sent(monitoring: &Monitoring) -> (u64, f64) {
    size(monitoring, "http_response_size_bytes")
}

fn size(monitoring: &Monitoring, name: &str) -> (u64, f64) {
    let sizes = monitoring.recorded().histogram(name, &[]);
    sizes.map_or((0, 0.0), |sizes| (sizes.count, sizes.sum))
}

/// The counts of `http_requests_total` by its first labels.
fn counted(recorded: &Recorded, labels: usize) -> BTreeMap<Vec<String>, u64> {
    let name = "http_requests_total";
    let mut counts = BTreeMap::new();
    for set in recorded.label_sets(name) {
        let names: Vec<_> = set.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["method", "endpoint", "status_code", "outcome"]);
        let count = recorded.value(name, &borrowed(&set));
        let count = count.expect("the series is there") as u64;
        *counts.entry(first_values(&set, labels)).or_default() += count;
    }
    counts
}

/// The number of observations of each series of a histogram.
fn observed(recorded: &Recorded, name: &str) -> BTreeMap<Vec<String>, u64> {
    let sets = recorded.label_sets(name).into_iter();
    let counts = sets.map(|set| {
        let histogram = recorded.histogram(name, &borrowed(&set));
        let count = histogram.expect("the series is there").count;
        (first_values(&set, set.len()), count)
    });
    counts.filter(|(_, count)| *count != 0).collect()
}

fn first_values(labels: &[(String, String)], n: usize) -> Vec<String> {
    labels[..n].iter().map(|(_, value)| value.clone()).collect()
}

fn borrowed(labels: &[(String, String)]) -> Vec<(&str, &str)> {
    labels
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect()
}
