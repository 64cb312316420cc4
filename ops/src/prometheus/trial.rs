//! The cases of alerts as `promtool test rules` reads them.

use std::fmt::Write as _;

use crate::error::Error;
use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, SLO, SLO_OF_CALLS};
use crate::prometheus::alerts::alerts;
use crate::prometheus::recording::about;
use crate::prometheus::rule::quoted;

/// From so many minutes on rules are evaluated less often: promtool would take minutes for days.
const LONG: u32 = 120;

/// How often rules are evaluated in a file of tests.
///
/// A case is looked at when one evaluation is over: an alert, like any series, is known for five minutes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Every minute.
    Minutes,
    /// Every four: what is recorded must be there still when the alert looks at it.
    Hours,
    /// Every quarter of an hour.
    Days,
}

impl Pace {
    pub(crate) const ALL: [Self; 3] = [Self::Minutes, Self::Hours, Self::Days];

    fn of(alert: &Alert, case: &Case) -> Self {
        let minutes = case.at.trim_end_matches('m').parse::<u32>();
        let is_long = minutes.is_ok_and(|minutes| minutes > LONG);
        // The names of recorded series have colons.
        match (is_long, alert.expr.contains(':')) {
            (false, _) => Self::Minutes,
            (true, true) => Self::Hours,
            (true, false) => Self::Days,
        }
    }

    /// The file, and the time between evaluations.
    pub(crate) fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Minutes => ("alerts.test.yml", "1m"),
            Self::Hours => ("alerts-over-hours.test.yml", "4m"),
            Self::Days => ("alerts-over-days.test.yml", "15m"),
        }
    }
}

/// The file of tests for the rules of a kit, which promtool finds beside it.
pub(crate) fn file(kit: &Kit, pace: Pace) -> Result<String, Error> {
    let (name, interval) = pace.file();
    let mut text = String::new();
    for line in about(&format!("Tests of the alerts: promtool test rules {name}")) {
        let _ = writeln!(text, "# {line}");
    }
    text += "rule_files:\n  - recording.rules.yml\n  - alerts.rules.yml\n";
    let _ = writeln!(text, "evaluation_interval: {interval}\ntests:");
    for (_, alerts) in alerts(kit)? {
        for alert in &alerts {
            let cases = alert
                .cases
                .iter()
                .filter(|case| Pace::of(alert, case) == pace);
            cases.for_each(|case| write_case(&mut text, alert, case));
        }
    }
    let slo = |of_requests: bool| {
        let mut all = kit.objectives.iter();
        let slo = all.find(|slo| slo.is_of_requests() == of_requests);
        slo.map_or("", |slo| &slo.name)
    };
    Ok(text
        .replace(JOB, &kit.job)
        .replace(SLO, slo(true))
        .replace(SLO_OF_CALLS, slo(false)))
}

fn write_case(text: &mut String, alert: &Alert, case: &Case) {
    let (name, about) = (&alert.name, case.about);
    let _ = writeln!(text, "  - name: {}", quoted(&format!("{name}: {about}")));
    text.push_str("    interval: 1m\n");
    match case.series.is_empty() {
        true => text.push_str("    input_series: []\n"),
        false => text.push_str("    input_series:\n"),
    }
    for (series, values) in &case.series {
        let _ = writeln!(
            text,
            "      - series: {}\n        values: {}",
            quoted(series),
            quoted(values)
        );
    }
    let mut labels = vec!["alertname", "severity"];
    labels.extend(alert.by);
    // Where a case is of one environment it names that last.
    labels.push("environment");
    // Two objectives on one endpoint burn together.
    let only = match (alert.by, case.fires) {
        ([_, "slo"], [[_, slo]]) => format!(",slo=\"{slo}\""),
        _ => String::new(),
    };
    let firing = format!("ALERTS{{alertname=\"{name}\",alertstate=\"firing\"{only}}}");
    let _ = write!(
        text,
        "    promql_expr_test:\n      - eval_time: {}\n        expr: {}\n",
        case.at,
        quoted(&format!("count by ({}) ({firing})", labels.join(", ")))
    );
    if case.fires.is_empty() {
        text.push_str("        exp_samples: []\n");
        return;
    }
    text.push_str("        exp_samples:\n");
    for values in case.fires {
        let all = [name.as_str(), alert.tier.as_str()]
            .into_iter()
            .chain(values.iter().copied());
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
