//! Recording rules: what alerts and dashboards ask for often.

use ecolaura_monitoring::catalog;

use crate::error::Error;
use crate::file::MADE;
use crate::kit::Kit;
use crate::prometheus::alerts::objectives_recorded;
use crate::prometheus::rule::{Group, Rule, rule_file};

/// The mean time of monitored functions, by the name that the examples of Prometheus' documentation use.
pub(crate) const MEAN_LATENCY: &str = "job:request_latency_seconds:mean5m";
/// The share of requests that failed by the service's fault.
pub(crate) const ERROR_RATIO: &str = "job:http_requests:error_ratio5m";
/// Requests a second.
pub(crate) const REQUEST_RATE: &str = "job:http_requests:rate5m";

/// What a request's outcome is when it is the service's fault.
pub(crate) const FAULTS: &str = "outcome=~\"server_error|panic|timeout\"";

/// The file of recording rules.
pub(crate) fn file(kit: &Kit) -> Result<String, Error> {
    kit.check()?;
    Ok(rule_file(
        &["Recording rules: what alerts and dashboards ask for.", MADE],
        &groups(kit),
    ))
}

/// The groups in it.
pub(crate) fn groups(kit: &Kit) -> Vec<Group> {
    let (requests, job) = (catalog::HTTP_REQUESTS.name(), kit.job());
    let latency = catalog::REQUEST_LATENCY.name();
    let rate = |of: &str| format!("sum by (environment, job) (rate({of}{{{job}}}[5m]))");
    let rules = vec![
        Rule::record(
            MEAN_LATENCY,
            format!(
                "{}\n/ {}",
                rate(&format!("{latency}_sum")),
                rate(&format!("{latency}_count"))
            ),
        ),
        // An instance that is up and was never asked has no series of it, and gets 0 requests all the same.
        Rule::record(
            REQUEST_RATE,
            format!(
                "{}\nor 0 * max by (environment, job) (up{{{job}}} == 1)",
                rate(requests)
            ),
        ),
        // Where nothing has failed yet there is no series of it, and a share of 0 all the same.
        Rule::record(
            ERROR_RATIO,
            format!(
                "(sum by (environment, job) (rate({requests}{{{job},{FAULTS}}}[5m])) or 0 * {REQUEST_RATE}{{{job}}})\n/ {REQUEST_RATE}{{{job}}}"
            ),
        ),
    ];
    let mut groups = vec![Group {
        name: format!("{}-requests-recorded", kit.job),
        interval: None,
        rules,
    }];
    groups.extend(objectives_recorded(kit));
    groups
}
