//! The pages that are about more than one alert.

use crate::kit::Kit;
use crate::prometheus::Alert;
use crate::runbooks::{head, source};
use crate::threshold::counted;

/// Their names and texts.
pub(super) fn pages(kit: &Kit, alerts: &[Alert]) -> [(&'static str, String); 4] {
    source::GUIDES.map(|(name, text)| {
        let text = head() + &kit.named(text);
        match name {
            "thresholds" => (name, text + &thresholds(alerts)),
            _ => (name, text),
        }
    })
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
