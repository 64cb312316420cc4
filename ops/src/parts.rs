//! Parts of texts that hold for some kits only, such as a sentence about an alert that may be left out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::blackbox;
use crate::error::Error;
use crate::kit::Kit;
use crate::prometheus::alerts;

/// What a kit has that its texts may mention: its alerts, each with its threshold, and `business`, `objectives`, `probes`,
/// `heartbeat` (a heartbeat receiver) or `no-heartbeat`.
pub(crate) struct Parts(BTreeMap<String, Option<f64>>);

const BEGIN: &str = "{?";
const END: &str = "?}";

impl Parts {
    pub(crate) fn of(kit: &Kit) -> Result<Self, Error> {
        let alerts = alerts(kit)?.into_iter().flat_map(|(_, alerts)| alerts);
        let mut parts: BTreeMap<String, Option<f64>> =
            alerts.map(|alert| (alert.name, alert.threshold)).collect();
        for (name, is_there) in [
            ("business", kit.has_business()),
            ("objectives", !kit.objectives.is_empty()),
            ("probes", blackbox::is_probed(kit)),
            ("heartbeat", kit.deadman.is_some()),
            ("no-heartbeat", kit.deadman.is_none()),
        ] {
            if is_there {
                parts.insert(name.to_owned(), None);
            }
        }
        Ok(Self(parts))
    }

    /// What it has, as templates ask for it: `has.QueueFills`, and of its threshold `has.QueueFills.percent`.
    pub(crate) fn values(&self) -> Value {
        let values = |threshold: Option<f64>| {
            let text = |unit: &str| with_threshold(unit, threshold.unwrap_or_default());
            json!({
                "percent": text("{percent}"),
                "milliseconds": text("{milliseconds}"),
                "number": text("{number}"),
            })
        };
        let parts = self.0.iter();
        parts
            .map(|(name, threshold)| (name.clone(), values(*threshold)))
            .collect()
    }

    /// A text with the parts that hold: of `{?NAME:text?}` the text remains where the kit has what is called so, and nothing elsewhere. In the text
    /// `{percent}`, `{milliseconds}` and `{number}` stand for the threshold of the alert.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut whole = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(BEGIN) {
            let (inside, after) = after.split_once(END).unwrap_or((after, ""));
            let (name, inside) = inside.split_once(':').unwrap_or((inside, ""));
            whole += before;
            if let Some(threshold) = self.0.get(name) {
                whole += &with_threshold(inside, threshold.unwrap_or_default());
            }
            rest = after;
        }
        whole + rest
    }
}

fn with_threshold(text: &str, threshold: f64) -> String {
    // To a thousandth: floats have more digits than people wrote.
    let number = |value: f64| ((value * 1000.0).round() / 1000.0).to_string();
    text.replace("{percent}", &format!("{} %", number(threshold * 100.0)))
        .replace(
            "{milliseconds}",
            &format!("{} ms", number(threshold * 1000.0)),
        )
        .replace("{number}", &number(threshold))
}

#[cfg(test)]
mod tests {
    use super::Parts;
    use crate::kit::Kit;

    #[test]
    fn a_part_remains_where_the_kit_has_what_it_is_about() {
        let kit = Kit::new("store")
            .without("business")
            .threshold("QueueFills", 0.285)
            .threshold("RuntimeBlocked", 0.3);
        let parts = Parts::of(&kit).expect("a kit");
        for (text, expected) in [
            ("", ""),
            ("a {b} c", "a {b} c"),
            ("a{?QueueFills: at {percent}?}.", "a at 28.5 %."),
            (
                "{?RuntimeBlocked:{milliseconds}, {number} s?}",
                "300 ms, 0.3 s",
            ),
            ("a{?OrdersFail: b?}{?business: c?}{?probes: d?}.", "a."),
            ("{?ServiceDown:one?} {?Watchdog:two?}", "one two"),
        ] {
            assert_eq!(parts.text(text), expected, "{text}");
        }
    }
}
