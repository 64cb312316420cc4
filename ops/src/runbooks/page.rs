//! The page of an alert, in the five steps of an incident.

use std::fmt::Write as _;

use crate::alertmanager;
use crate::error::Error;
use crate::kit::Kit;
use crate::parts::Parts;
use crate::prometheus::{Alert, Source};
use crate::runbooks::{head, source};
use crate::tier::Tier;

/// The page of it.
pub(super) fn page(kit: &Kit, parts: &Parts, alert: &Alert) -> Result<String, Error> {
    let mut text = head();
    let _ = writeln!(text, "# {}\n\n{}.\n", alert.name, plain(&alert.summary));
    text += &fires(kit, alert);
    let steps = kit.named(&parts.text(source::steps(&alert.name)?));
    let steps = steps
        .replace("## Assess", "## 2. Assess")
        .replace("## Respond", "## 3. Respond")
        .replace("## Resolve", "## 4. Resolve");
    let _ = writeln!(text, "\n{steps}");
    text += &review(kit, alert);
    Ok(text)
}

/// The first step: what it means that it fires, and who is told.
fn fires(kit: &Kit, alert: &Alert) -> String {
    let mut held = match alert.pending {
        "0s" => "as soon as this holds".to_owned(),
        pending => format!("when this has held for {pending}"),
    };
    if let Some(keeps) = alert.keeps {
        held += &format!(", and for {keeps} after that");
    }
    format!(
        "## 1. Alert\n\n{}\n\nIt fires {held}:\n\n{}\nWhy so: {}\n\nTier `{}`: {}. Looked after by {}.\n",
        plain(&alert.description),
        query(&alert.expr),
        alert.reason,
        alert.tier.as_str(),
        alertmanager::told(kit, &alert.name, alert.tier),
        kit.team,
    )
}

/// The last step: whether it was of use, and what is learned.
fn review(kit: &Kit, alert: &Alert) -> String {
    let mut text = "## 5. Review\n\n".to_owned();
    if matches!(alert.tier, Tier::Critical | Tier::Error) {
        text +=
            "Where customers noticed: a [post-mortem](post-mortem.md) within five working days. ";
    }
    text += "Was this page of use? Mend what was missing.\n\nFor how many minutes it fired in 30 days:\n\n";
    let job = match alert.by.contains(&"job") && alert.source != Source::Pipeline {
        true => format!(",{}", kit.job()),
        false => String::new(),
    };
    text += &query(&format!(
        "count_over_time(count(ALERTS{{alertname=\"{}\",alertstate=\"firing\"{job}}})[30d:1m])",
        alert.name
    ));
    text += match alert.threshold {
        Some(_) => {
            "\nIf nobody had to do anything, [another threshold](thresholds.md) is better.\n"
        }
        None => {
            "\nIf nobody had to do anything, see [which alerts are of no use](thresholds.md).\n"
        }
    };
    text
}

fn query(expr: &str) -> String {
    format!("```promql\n{expr}\n```\n")
}

/// A text of an alert as somebody reads it before it fires: with the names of what it will say.
pub(super) fn plain(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (inside, after) = after.split_once("}}").unwrap_or((after, ""));
        let name = inside.trim().trim_start_matches("$labels.");
        let name = name.split([' ', '|']).next().unwrap_or_default();
        let _ = write!(text, "{before}*{}*", name.trim_start_matches('$'));
        rest = after;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::{page, plain};
    use crate::kit::Kit;
    use crate::parts::Parts;
    use crate::prometheus::alerts;

    /// Whoever writes an alert is told that it wants a page.
    #[test]
    fn an_alert_without_a_page_is_told() {
        let kit = Kit::new("shop");
        let parts = Parts::of(&kit).expect("a kit");
        let mut groups = alerts(&kit).expect("a kit");
        let mut alert = groups.remove(0).1.remove(0);
        assert!(page(&kit, &parts, &alert).is_ok());
        alert.name = "Unheard".into();
        let error = page(&kit, &parts, &alert)
            .expect_err("there is none")
            .to_string();
        assert!(
            error.contains("write ops/src/runbooks/Unheard.md"),
            "{error}"
        );
    }

    #[test]
    fn templates_are_read_as_text() {
        for (template, text) in [
            ("it is gone", "it is gone"),
            ("{{ $labels.job }} fails", "*job* fails"),
            (
                "{{ $value | humanizePercentage }} of {{ $labels.pool }}",
                "*value* of *pool*",
            ),
            ("{{ $value }}s", "*value*s"),
        ] {
            assert_eq!(plain(template), text);
        }
    }
}
