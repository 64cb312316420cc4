//! The pages that are about more than one alert.

use crate::kit::Kit;
use crate::parts::Parts;
use crate::prometheus::Alert;
use crate::runbooks::{head, source};
use crate::threshold::counted;

/// Their names and texts.
pub(super) fn pages(kit: &Kit, parts: &Parts, alerts: &[Alert]) -> [(&'static str, String); 4] {
    source::GUIDES.map(|(name, text)| {
        let text = head() + &kit.named(&parts.text(text));
        match name {
            "thresholds" => (name, with_thresholds(text, alerts)),
            _ => (name, text),
        }
    })
}

/// The page with its last section, the list of thresholds: without it where no alert has one.
fn with_thresholds(text: String, alerts: &[Alert]) -> String {
    let rows = thresholds(alerts);
    match text.split_once("\n## The thresholds\n") {
        Some((before, _)) if rows.is_empty() => before.to_owned(),
        _ => text + &rows,
    }
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
