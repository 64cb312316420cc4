//! The cases of alerts as `promtool test rules` reads them.

#[cfg(test)]
mod mutants;
mod pace;
mod tries;

use std::fmt::Write as _;

use crate::error::Error;
use crate::file::head;
use crate::kit::Kit;
use crate::prometheus::alert::{Alert, JOB, SLO, SLO_OF_CALLS};
use crate::prometheus::alerts::{alerts, group_name};
use crate::prometheus::recording;
use crate::prometheus::rule::quoted;
use crate::prometheus::trial::tries::{Try, tries};

pub(crate) use pace::Pace;

/// The file of tests for the rules of a kit, which promtool finds beside it.
pub(crate) fn file(kit: &Kit, pace: Pace) -> Result<String, Error> {
    let name = pace.file();
    let mut text = head(&format!("Tests of the alerts: promtool test rules {name}"));
    text += "rule_files:\n  - recording.rules.yml\n  - alerts.rules.yml\n";
    let _ = writeln!(text, "evaluation_interval: {}m", pace.minutes());
    let groups = alerts(kit)?;
    text += "# What is recorded is there before it is looked at.\ngroup_eval_order:\n";
    let recorded = recording::groups(kit).into_iter().map(|group| group.name);
    let looking = groups.iter().map(|(name, _)| group_name(kit, name));
    for group in recorded.chain(looking) {
        let _ = writeln!(text, "  - {group}");
    }
    text += "tests:\n";
    for (_, alerts) in groups {
        for alert in &alerts {
            let all = tries(alert);
            let here = all.iter().filter(|one| one.pace == pace);
            for one in here {
                write_head(&mut text, alert, one);
                write_result(&mut text, alert, one, &alert.name);
            }
        }
    }
    Ok(with_names(kit, &text))
}

/// With the names of the service and of its objectives.
fn with_names(kit: &Kit, text: &str) -> String {
    let slo = |of_requests: bool| {
        let mut all = kit.objectives.iter();
        let slo = all.find(|slo| slo.is_of_requests() == of_requests);
        slo.map_or("", |slo| &slo.name)
    };
    text.replace(JOB, &kit.job)
        .replace(SLO, slo(true))
        .replace(SLO_OF_CALLS, slo(false))
}

/// A test of series: its results follow.
fn write_head(text: &mut String, alert: &Alert, one: &Try) {
    let title = format!("{}: {}", alert.name, one.about);
    let _ = writeln!(text, "  - name: {}\n    interval: 1m", quoted(&title));
    match one.series.is_empty() {
        true => text.push_str("    input_series: []\n"),
        false => text.push_str("    input_series:\n"),
    }
    for (series, values) in &one.series {
        let _ = writeln!(
            text,
            "      - series: {}\n        values: {}",
            quoted(series),
            quoted(values)
        );
    }
    text.push_str("    promql_expr_test:\n");
}

/// What of it fires of the alert of this name.
fn write_result(text: &mut String, alert: &Alert, one: &Try, name: &str) {
    let mut labels = vec!["alertname", "severity"];
    labels.extend(alert.by);
    // Where a case is of one environment it names that last.
    labels.push("environment");
    // Two objectives on one endpoint burn together.
    let only = match (alert.by, one.fires.first()) {
        ([_, "slo"], Some(labels)) => format!(",slo=\"{}\"", labels[1]),
        _ => String::new(),
    };
    let firing = format!("ALERTS{{alertname=\"{name}\",alertstate=\"firing\"{only}}}");
    let _ = write!(
        text,
        "      - eval_time: {}m\n        expr: {}\n",
        one.at,
        quoted(&format!("count by ({}) ({firing})", labels.join(", ")))
    );
    if one.fires.is_empty() {
        text.push_str("        exp_samples: []\n");
        return;
    }
    text.push_str("        exp_samples:\n");
    for values in &one.fires {
        let all = [name, alert.tier.as_str()]
            .into_iter()
            .chain(values.iter().map(String::as_str));
        let pairs = labels
            .iter()
            .zip(all)
            .map(|(label, value)| format!("{label}=\"{value}\""));
        let pairs: Vec<String> = pairs.collect();
        let _ = writeln!(
            text,
            "          - labels: {}\n            value: 1",
            quoted(&format!("{{{}}}", pairs.join(", ")))
        );
    }
}
