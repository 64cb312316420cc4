//! Objectives: which share of requests is to be good.

use std::collections::BTreeSet;
use std::time::Duration;

use ecolaura_monitoring::metrics::Metric;
use ecolaura_monitoring::{Objective, catalog};

use crate::error::Error;

/// The highest burn rate that somebody is woken up for: at that speed a budget of 30 days is gone in two.
pub(crate) const FASTEST: f64 = 14.4;

/// An objective: the share of the requests to an endpoint, or of the calls of a function, that is to be good over 30 days.
///
/// A request is good that does not fail by the service's fault, as its outcome tells, and, if there is a latency, ends within it. One whose client went
/// away does not count. What both fails and takes too long is counted as two that are bad where its time does not tell that it failed: a call of a
/// function, or of gRPC.
#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    pub(crate) name: String,
    pub(crate) endpoint: String,
    pub(crate) latency: Option<Duration>,
    pub(crate) target: f64,
}

impl Slo {
    /// That so many percent are good: of the requests to an endpoint, by the template of its route, or of the calls of a function that
    /// `#[monitor]` gives a name without a slash at its start.
    pub fn new(name: impl Into<String>, endpoint: impl Into<String>, percent: f64) -> Self {
        Self {
            name: name.into(),
            endpoint: endpoint.into(),
            latency: None,
            target: percent,
        }
    }

    /// Good is only what is answered within this time: one of the bounds of `http_request_duration_seconds`, or of `request_latency_seconds` for a
    /// function.
    pub fn within(mut self, latency: Duration) -> Self {
        self.latency = Some(latency);
        self
    }

    /// Whether it is on the requests of a route, not on the calls of a function.
    pub(crate) fn is_of_requests(&self) -> bool {
        self.endpoint.starts_with('/')
    }

    /// The share that may be bad.
    pub(crate) fn budget(&self) -> f64 {
        // Of percent with three places, so that no digits come up that nobody wrote.
        ((100.0 - self.target) * 1e7).round() / 1e9
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |why: String| Err(Error::new(format!("objective `{}`: {why}", self.name)));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if self.name.is_empty() || !self.name.chars().all(is_plain) {
            return refuse("give it a name of letters, digits, `-` and `_`".to_owned());
        }
        let is_odd =
            |c: char| c.is_control() || c.is_whitespace() || "\"\\\u{feff}\u{fffd}".contains(c);
        if self.endpoint.is_empty() || self.endpoint.contains(is_odd) {
            return refuse(format!(
                "`{}` is no template of a route such as /api/v1/orders/{{id}}, nor the name of a function, without blanks, quotes and backslashes",
                self.endpoint
            ));
        }
        // Of what is nearer to 100 nothing is left after rounding.
        if !(self.target > 0.0 && self.budget() > 0.0) {
            return refuse(format!(
                "a target of {} % leaves nothing that may fail, or everything: give it one below 100, such as 99.9",
                self.target
            ));
        }
        let lowest = 100.0 - 100.0 / FASTEST;
        if self.target <= lowest {
            return refuse(format!(
                "with a target of {} % no failure is fast enough: {FASTEST} times its budget is more than everything. Give it more than {lowest:.2} %",
                self.target
            ));
        }
        let times = self.times();
        let bounds = times.upper_bounds();
        match self.latency {
            Some(latency) if !bounds.contains(&latency.as_secs_f64()) => refuse(format!(
                "nobody can tell what took {} s: give it one of the bounds {bounds:?}",
                latency.as_secs_f64()
            )),
            _ => Ok(()),
        }
    }

    /// That it is on one of the routes or functions that the service is known to have, if any is known.
    pub(crate) fn check_is_there(&self, endpoints: &BTreeSet<String>) -> Result<(), Error> {
        if endpoints.is_empty() || endpoints.contains(&self.endpoint) {
            return Ok(());
        }
        let known: Vec<&str> = endpoints.iter().map(String::as_str).collect();
        Err(Error::new(format!(
            "objective `{}`: the metrics that were given tell of no `{}`, but of {}. Name it as they do; where nobody has asked for it yet, ask once and get the metrics anew",
            self.name,
            self.endpoint,
            known.join(", ")
        )))
    }

    /// The times of what it is on.
    pub(crate) fn times(&self) -> Metric {
        match self.is_of_requests() {
            true => catalog::HTTP_REQUEST_DURATION,
            false => catalog::REQUEST_LATENCY,
        }
    }
}

/// What `#[monitor("…", slo(…))]` states, named after its endpoint.
impl From<&Objective> for Slo {
    fn from(stated: &Objective) -> Self {
        let words = stated
            .endpoint()
            .split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        Self {
            name: words.join("-"),
            endpoint: stated.endpoint().to_owned(),
            latency: stated.latency(),
            target: stated.target(),
        }
    }
}
