//! An alert, with what somebody who is woken up by it wants to know, and how it is tried.

use std::borrow::Cow;

use crate::kit::Kit;
use crate::prometheus::rule::{Makes, Rule};
use crate::tier::Tier;

/// What several alerts of different certificates are about.
const CERTIFICATE: &str = "certificate";

/// In the cases of alerts: the job of the service, its first objective on requests, and on a function. No name and no route has a blank in it.
pub(crate) const JOB: &str = "{its job}";
pub(crate) const SLO: &str = "{its objective}";
pub(crate) const SLO_OF_CALLS: &str = "{its objective on calls}";

/// An alert.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Alert {
    /// What it is called; its runbook has this name too.
    pub name: String,
    /// How much it matters.
    pub tier: Tier,
    /// How long its expression must hold.
    pub pending: &'static str,
    /// How long it goes on to fire after that.
    pub keeps: Option<&'static str>,
    /// The minute of its first case from which on it holds.
    pub(crate) holds: u32,
    /// Whose series it looks at.
    pub(crate) source: Source,
    /// What it looks at. The result has the labels in `by`, and `environment` where the series have it.
    pub expr: String,
    /// The number in `expr` that can be set for a service, if there is one.
    pub threshold: Option<f64>,
    /// The labels of the result.
    pub by: &'static [&'static str],
    /// One line.
    pub summary: String,
    /// What it means, with the value.
    pub description: String,
    /// Why its threshold is what it is.
    pub reason: String,
    /// How it is tried: with its usual threshold.
    pub cases: Vec<Case>,
}

/// Whose series an alert looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The service's own.
    Service,
    /// Those of a prober, about the service.
    Prober,
    /// Those of Prometheus and Alertmanager, about themselves.
    Pipeline,
}

/// A series, and its values as promtool writes them.
pub type Told = (String, Cow<'static, str>);

/// Series and their values.
pub(crate) fn told<V: Into<Cow<'static, str>>>(
    all: impl IntoIterator<Item = (String, V)>,
) -> Vec<Told> {
    let one = |(name, values): (String, V)| (name, values.into());
    all.into_iter().map(one).collect()
}

/// The same series in an environment.
pub(crate) fn within(environment: &str, all: &[Told]) -> Vec<Told> {
    let label = format!("{{environment=\"{environment}\",");
    let here = |(name, values): &Told| (name.replacen('{', &label, 1), values.clone());
    all.iter().map(here).collect()
}

/// Series, and whether an alert fires on them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Case {
    /// What is tried.
    pub about: &'static str,
    /// Series, and their values as promtool writes them, one a minute.
    pub series: Vec<Told>,
    /// When it is looked at, in minutes.
    pub at: u32,
    /// The values of the labels in `by` for each alert that fires then, and its environment if it has one.
    pub fires: &'static [&'static [&'static str]],
}

/// That there is nothing to look at.
pub(crate) const NO_DATA: Case = Case {
    about: "no data",
    series: Vec::new(),
    at: 30,
    fires: &[],
};

/// A time as Prometheus writes it, in whole minutes: `0s`, `5m`, `6h` or `3d`.
pub(crate) fn minutes(time: &str) -> u32 {
    let (number, unit) = time.split_at(time.len() - 1);
    let minutes = match unit {
        "d" => 24 * 60,
        "h" => 60,
        "m" => 1,
        _ => 0,
    };
    number.parse::<u32>().map_or(0, |number| number * minutes)
}

impl Alert {
    /// Whether it fires because there is nothing, or in any case.
    pub(crate) fn is_about_absence(&self) -> bool {
        self.expr.contains("absent(") || self.expr.starts_with("vector(")
    }

    /// How long its expression must hold, in minutes.
    pub(crate) fn minutes(&self) -> u32 {
        minutes(self.pending)
    }

    /// By how many minutes its expression holds earlier in Prometheus 3, which leaves the left end of a window out: where cases have a value a minute, what
    /// these look back on is a minute shorter.
    pub(crate) fn earlier_in_3(&self) -> u32 {
        match self.name.as_str() {
            "TrafficGone" | "ServiceNotReady" => 1,
            _ => 0,
        }
    }

    /// The labels that it has besides those of its result.
    fn labels(&self, kit: &Kit) -> Vec<(&'static str, String)> {
        let mut labels = vec![
            ("severity", self.tier.as_str().to_owned()),
            ("team", kit.team.clone()),
            ("about", self.about().to_owned()),
        ];
        if self.about() == CERTIFICATE {
            labels.push(("subject", "{{ $labels.instance }}".to_owned()));
        }
        // What a prober sees is about the service, not about the prober's job.
        if self.source == Source::Prober {
            labels.push(("job", kit.job.clone()));
        }
        labels
    }

    /// Puts the threshold in, the usual one or that of a service, for which there are no cases.
    pub(crate) fn settle(&mut self, own: Option<f64>) {
        let Some(usual) = self.threshold else {
            return;
        };
        if own.is_some() {
            self.reason = format!("Set for this service. Usual is {usual}: {}", self.reason);
            self.cases.clear();
        }
        let threshold = own.unwrap_or(usual);
        self.threshold = Some(threshold);
        // To a thousandth: sums of floats have more digits than people wrote.
        let above = ((threshold + 0.2) * 1000.0).round() / 1000.0;
        for text in [&mut self.expr, &mut self.summary, &mut self.description] {
            *text = text
                .replace("{threshold}", &threshold.to_string())
                .replace("{threshold + 0.2}", &above.to_string());
        }
    }

    /// What it is about: of two alerts about one thing the one that matters less is not told.
    fn about(&self) -> &str {
        match self.name.as_str() {
            "HighErrorRate" | "MostRequestsFail" => "errors",
            "CertificateExpires" | "CertificateExpiresNow" => CERTIFICATE,
            "InstanceNotReady" | "ServiceNotReady" => "readiness",
            name if name.starts_with("BudgetBurns") => "budget",
            other => other,
        }
    }

    /// The rule of it.
    pub fn rule(&self, kit: &Kit) -> Rule {
        let Self {
            name,
            summary,
            description,
            ..
        } = self;
        let annotations = vec![
            ("summary", summary.clone()),
            ("description", description.clone()),
            ("reason", self.reason.clone()),
            ("runbook_url", format!("{}/{name}.md", kit.runbooks)),
        ];
        Rule {
            makes: Makes::Alert {
                name: name.clone(),
                pending: self.pending,
                keeps: self.keeps,
                annotations,
            },
            expr: self.expr.clone(),
            labels: self.labels(kit),
        }
    }
}
