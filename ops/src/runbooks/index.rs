//! The index of pages: where to ask, and all alerts, those that matter most first.

use std::cmp::Reverse;
use std::fmt::Write as _;

use crate::alertmanager;
use crate::kit::Kit;
use crate::parts::Parts;
use crate::prometheus::Alert;
use crate::runbooks::{head, page, source};

/// The page.
pub(super) fn page(kit: &Kit, parts: &Parts, alerts: &[Alert]) -> String {
    let mut text = head() + &kit.named(&parts.text(source::INDEX));
    let mut tiers: Vec<_> = alertmanager::tiers(kit).collect();
    tiers.sort_by_key(|(tier, _)| Reverse(*tier));
    for (tier, why) in tiers {
        let of_it = alerts.iter().filter(|alert| alert.tier == tier);
        let of_it = of_it.filter(|alert| alertmanager::told(kit, &alert.name, tier) == why);
        write_table(&mut text, &format!("`{}`: {why}", tier.as_str()), of_it);
    }
    let others = alerts
        .iter()
        .filter(|alert| alert.name == alertmanager::ALWAYS);
    write_table(
        &mut text,
        &format!("Always: {}", alertmanager::heartbeat(kit)),
        others,
    );
    text
}

fn write_table<'a>(text: &mut String, title: &str, alerts: impl Iterator<Item = &'a Alert>) {
    let mut alerts = alerts.peekable();
    if alerts.peek().is_none() {
        return; // all of them were left out
    }
    let _ = writeln!(text, "\n## {title}\n");
    text.push_str("| alert | what it says |\n|---|---|\n");
    for alert in alerts {
        let (name, says) = (&alert.name, page::plain(&alert.summary));
        let _ = writeln!(text, "| [{name}]({name}.md) | {says} |");
    }
}
