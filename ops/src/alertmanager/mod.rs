//! What Alertmanager reads: `ops/alertmanager/`, filled. Who receives which alerts, how, and how often.
//!
//! One team receives everything: alerts of another service that reach this Alertmanager are better received there than by nobody.

use std::collections::BTreeMap;

use serde_json::json;

use crate::error::Error;
use crate::file::File;
use crate::kit::Kit;
use crate::names::as_expression;
use crate::parts::Parts;
use crate::template;
use crate::tier::Tier;

/// Where Alertmanager finds secrets.
pub(crate) const SECRETS: &str = "/run/secrets/alertmanager/";

/// The alert that fires all the time. Its route is the first one of the file, whatever its tier.
pub(crate) const ALWAYS: &str = "Watchdog";

/// The files for Alertmanager.
pub(crate) fn files(kit: &Kit, parts: &Parts) -> Result<Vec<File>, Error> {
    let others = kit.environments[1..].iter();
    let others: Vec<&str> = others.map(|other| other.name.as_str()).collect();
    let told = tiers(kit).map(|(tier, why)| (tier.as_str(), why));
    let routes = json!({
        "has": parts.values(),
        "without_customers": as_expression(&others),
        "told": told.collect::<BTreeMap<_, _>>(),
    });
    let messages = json!({ "uid": kit.dashboard("api-performance") });
    Ok(vec![
        template::file(
            "alertmanager/alertmanager.yml",
            include_str!("../../alertmanager/alertmanager.yml"),
            kit,
            routes,
        )?,
        template::file(
            "alertmanager/templates/ecolaura.tmpl",
            include_str!("../../alertmanager/ecolaura.tmpl"),
            kit,
            messages,
        )?,
    ])
}

/// The tiers, and how each is told.
pub(crate) fn tiers(kit: &Kit) -> impl Iterator<Item = (Tier, &'static str)> {
    let is_mailed = kit.mail.is_some();
    Tier::ALL.into_iter().rev().map(move |tier| {
        let why = match tier {
            Tier::Critical => "somebody is woken up, and again every hour until it is over",
            Tier::Error if is_mailed => "told in the chat, and a ticket by mail",
            Tier::Error => {
                "told in the chat; no tickets are mailed, since the kit was made without --mail-to"
            }
            Tier::Warning => "told in the chat",
            Tier::Info => "kept for later, and not at night",
        };
        (tier, why)
    })
}

/// Where the alert that fires all the time is sent.
pub(crate) fn heartbeat(kit: &Kit) -> &'static str {
    match kit.deadman {
        Some(_) => {
            "sent every minute to the heartbeat receiver, which raises an alarm when it stops"
        }
        None => "sent nowhere, since the kit was made without --deadman",
    }
}

/// How an alert of this name and tier is told.
pub(crate) fn told(kit: &Kit, alert: &str, tier: Tier) -> &'static str {
    let mut tiers = tiers(kit);
    // Every tier has a line of its own.
    match tiers.find(|(one, _)| *one == tier) {
        Some((_, why)) if alert != ALWAYS => why,
        _ => heartbeat(kit),
    }
}

#[cfg(test)]
mod tests {
    use crate::kit::Kit;

    #[test]
    fn without_the_watchdog_nothing_of_its_route_is_left() {
        let files = Kit::new("store").without("Watchdog").files();
        let files = files.expect("a kit");
        let path = "alertmanager/alertmanager.yml";
        let file = files.iter().find(|file| file.path == path);
        let text = &file.expect("it is there").text;
        assert!(!text.contains("deadman\n"), "{text}");
        assert!(text.contains("  routes:\n    - matchers:"), "{text}");
    }
}
