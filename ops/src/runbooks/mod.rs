//! What to do when an alert fires: a page for each, and what they share.

mod link;
mod page;
mod source;

use std::fmt::Write as _;

use crate::alertmanager;
use crate::error::Error;
use crate::file::File;
use crate::kit::Kit;
use crate::prometheus::{Alert, alerts};
use crate::threshold::counted;

/// The pages.
pub(crate) fn files(kit: &Kit) -> Result<Vec<File>, Error> {
    let alerts: Vec<Alert> = alerts(kit)?
        .into_iter()
        .flat_map(|(_, alerts)| alerts)
        .collect();
    let pages = alerts
        .iter()
        .map(|alert| (alert.name.as_str(), page::page(kit, alert)));
    let guides = source::GUIDES.map(|(name, text)| {
        let text = MADE.to_owned() + &kit.named(text);
        match name {
            "thresholds" => (name, text + &thresholds(&alerts)),
            _ => (name, text),
        }
    });
    let index = ("README", index(kit, &alerts));
    let all = pages.chain(guides).chain([index]);
    let with_links = |(name, text): (&str, String)| {
        let links = link::definitions(kit, &text);
        File::new(format!("runbooks/{name}.md"), text + &links)
    };
    Ok(all.map(with_links).collect())
}

/// What stands at the head of each page.
const MADE: &str =
    "<!-- Made by the crate ecolaura-monitoring-ops: change it there, and write it again. -->\n";

/// All alerts, those that matter most first.
fn index(kit: &Kit, alerts: &[Alert]) -> String {
    let mut text = format!(
        "{MADE}# Runbooks of {}\n\nWhat to do when an alert fires: what it means, what to look at, what makes it better, when it is over.\n\n\
         - [When something is broken](incident.md): the first ten minutes, rolling back, restarting, silencing\n\
         - [Post-mortem](post-mortem.md): to copy\n\
         - [Thresholds from history](thresholds.md): which alerts are of no use, and what another number would have done\n\
         - [What is kept, and for how long](retention.md)\n",
        kit.job
    );
    let mut tiers: Vec<_> = alertmanager::tiers(kit).collect();
    tiers.sort_by_key(|(tier, _)| std::cmp::Reverse(*tier));
    for (tier, why) in tiers {
        let _ = writeln!(text, "\n## `{}`: {why}\n", tier.as_str());
        text += "| alert | what it says |\n|---|---|\n";
        for alert in alerts.iter().filter(|alert| alert.tier == tier) {
            let name = &alert.name;
            let _ = writeln!(
                text,
                "| [{name}]({name}.md) | {} |",
                page::plain(&alert.summary)
            );
        }
    }
    text
}

/// A row for each alert with a threshold that can be set.
fn thresholds(alerts: &[Alert]) -> String {
    let row = |alert: &Alert| {
        let threshold = alert.threshold?;
        Some(format!(
            "| [{name}]({name}.md) | {} | {threshold} | {} |\n",
            alert.tier.as_str(),
            counted(&alert.name),
            name = alert.name
        ))
    };
    alerts.iter().filter_map(row).collect()
}
