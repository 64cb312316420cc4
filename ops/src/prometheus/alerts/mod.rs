//! The alerts, by what they look at.

mod business;
mod monitoring;
mod objectives;
mod pipeline;
mod probes;
mod requests;
mod resources;
mod targets;

use crate::error::Error;
use crate::file::MADE;
use crate::kit::Kit;
use crate::prometheus::alert::{Alert, NO_DATA};
use crate::prometheus::rule::{Group, rule_file};

pub(crate) use objectives::recorded as objectives_recorded;

/// All alerts of a service, a group for each thing that they look at.
pub fn alerts(kit: &Kit) -> Result<Vec<(&'static str, Vec<Alert>)>, Error> {
    kit.check()?;
    let mut groups = vec![
        ("requests", requests::alerts(kit)),
        ("objectives", objectives::alerts(kit)),
        ("targets", targets::alerts(kit)),
        ("resources", resources::alerts(kit)),
        ("business", business::alerts(kit)),
        ("monitoring", monitoring::alerts(kit)),
        ("probes", probes::alerts(kit)),
        ("pipeline", pipeline::alerts(kit)),
    ];
    let all = || groups.iter().flat_map(|(_, alerts)| alerts);
    let names: Vec<&str> = all().map(|alert| alert.name.as_str()).collect();
    let with: Vec<&str> = all()
        .filter(|alert| alert.threshold.is_some())
        .map(|alert| alert.name.as_str())
        .collect();
    let group_names = groups.iter().map(|(name, _)| *name);
    let leavable: Vec<&str> = names.into_iter().chain(group_names).collect();
    is_there(&kit.without, &leavable, "to leave out, nor a group of them")?;
    is_there(kit.thresholds.keys(), &with, "with a threshold to set")?;
    groups.retain(|(name, _)| !kit.without.iter().any(|without| without == name));
    for (_, alerts) in &mut groups {
        alerts.retain(|alert| !kit.without.contains(&alert.name));
        for alert in alerts {
            // Where nothing is known nothing fires, unless that is what it is about.
            if !alert.is_about_absence() {
                alert.cases.push(NO_DATA);
            }
            alert.settle(kit.thresholds.get(&alert.name).copied());
        }
    }
    groups.retain(|(_, alerts)| !alerts.is_empty());
    Ok(groups)
}

/// That these are among the alerts.
fn is_there<'a>(
    names: impl IntoIterator<Item = &'a String>,
    known: &[&str],
    what: &str,
) -> Result<(), Error> {
    match names
        .into_iter()
        .find(|name| !known.contains(&name.as_str()))
    {
        None => Ok(()),
        Some(unknown) => Err(Error::new(format!(
            "there is no alert `{unknown}` {what}; there are {}",
            known.join(", ")
        ))),
    }
}

/// What a group of alerts is called in its file.
pub(crate) fn group_name(kit: &Kit, name: &str) -> String {
    format!("{}-{name}", kit.job)
}

/// The groups of alerts.
pub(crate) fn groups(kit: &Kit) -> Result<Vec<Group>, Error> {
    let rules = |(name, alerts): (&str, Vec<Alert>)| Group {
        name: group_name(kit, name),
        interval: None,
        rules: alerts.iter().map(|alert| alert.rule(kit)).collect(),
    };
    Ok(alerts(kit)?.into_iter().map(rules).collect())
}

/// The file of alerts.
pub(crate) fn file(kit: &Kit) -> Result<String, Error> {
    Ok(rule_file(&["Alerts", MADE], &groups(kit)?))
}

/// That none of these are 1, or that they come and go, and are 0 for two fifths of ten minutes or more: then no single outage lasts.
fn gone_or_flapping(of: &str, by: &str) -> String {
    format!(
        "max by ({by}) ({of}) == 0\nor (\n  max by ({by}) (avg_over_time({of}[10m])) < 0.6\n  and max by ({by}) (changes({of}[10m])) > 2\n)"
    )
}

/// What is there every other minute.
const FLAPS: &str =
    "1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0";
/// What is there in seven of eleven minutes, on and off.
const MOSTLY: &str =
    "1 1 0 1 1 0 1 0 1 1 0 1 1 0 1 1 0 1 0 1 1 0 1 1 0 1 1 0 1 0 1 1 0 1 1 0 1 1 0 1 0 1 1 0";
/// What is gone for nine minutes, and then there.
const OVER: &str = "1x2 0x8 1x20";
/// The same, but gone once more for a while.
const RETURNS: &str = "0x8 1 0x4 1x20";

/// A series of the service with these labels besides its job.
fn series(kit: &Kit, name: &str, labels: &str) -> String {
    let comma = if labels.is_empty() { "" } else { "," };
    format!("{name}{{{}{comma}{labels}}}", kit.job())
}
