//! The alerts, by what they look at.

mod business;
mod monitoring;
mod objectives;
mod pipeline;
pub(crate) mod probes;
mod requests;
mod resources;
mod targets;

use crate::error::Error;
use crate::kit::Kit;
use crate::prometheus::alert::Alert;
use crate::prometheus::recording;
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
    let all = groups.iter().flat_map(|(_, alerts)| alerts);
    let names: Vec<String> = all.map(|alert| alert.name.clone()).collect();
    if let Some(unknown) = kit.without.iter().find(|name| !names.contains(name)) {
        return Err(Error::new(format!(
            "there is no alert `{unknown}` to leave out; there are {}",
            names.join(", ")
        )));
    }
    for (_, alerts) in &mut groups {
        alerts.retain(|alert| !kit.without.contains(&alert.name));
    }
    Ok(groups)
}

/// The file of alerts.
pub(crate) fn file(kit: &Kit) -> Result<String, Error> {
    let rules = |(name, alerts): (&str, Vec<Alert>)| Group {
        name: format!("{}-{name}", kit.job),
        interval: None,
        rules: alerts.iter().map(|alert| alert.rule(kit)).collect(),
    };
    let groups: Vec<Group> = alerts(kit)?.into_iter().map(rules).collect();
    let about = recording::about("Alerts");
    Ok(rule_file(&about, &groups))
}

/// A series of the service with these labels besides its job.
fn series(kit: &Kit, name: &str, labels: &str) -> String {
    let comma = if labels.is_empty() { "" } else { "," };
    format!("{name}{{{}{comma}{labels}}}", kit.job())
}
