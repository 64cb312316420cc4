//! Whether anybody looks at all: probes that nobody makes, and pods of which nobody tells.

use std::collections::BTreeSet;

use crate::blackbox;
use crate::kit::{Kit, PRODUCTION};
use crate::names::as_expression;
use crate::prometheus::alert::{Alert, Case, JOB, Source, Told, told};
use crate::prometheus::alerts::probes::{by, of};
use crate::prometheus::alerts::series;
use crate::tier::Tier;

pub(super) fn absent(kit: &Kit) -> Alert {
    match kit.in_kubernetes {
        true => or_no_pods(kit, of_probes(kit)),
        false => of_probes(kit),
    }
}

/// The modules that the exporter is asked for, in the environment that is probed.
struct Modules<'a> {
    kit: &'a Kit,
    names: BTreeSet<String>,
}

impl<'a> Modules<'a> {
    fn of(kit: &'a Kit) -> Self {
        let probes = blackbox::probes(kit).into_iter();
        let names = probes.map(|probe| probe.module).collect();
        Self { kit, names }
    }

    fn series(&self, name: &str, module: &str) -> String {
        let labels = format!("environment=\"{PRODUCTION}\",{}", by(module));
        of(self.kit, name, &labels)
    }

    /// Each of which nothing is told.
    fn untold(&self) -> String {
        let one = |module: &String| {
            let series = self.series("probe_success", module);
            format!("\n  or absent({series})")
        };
        self.names.iter().map(one).collect()
    }

    /// What is told of all but one: that they are asked for, and how that ends.
    fn others(&self, success: &'static str) -> Vec<Told> {
        let others = self.names.iter().rev().skip(1);
        let both = others.flat_map(|module| {
            [
                (self.series("up", module), "1x30"),
                (self.series("probe_success", module), success),
            ]
        });
        told(both)
    }

    /// What is told of that one.
    fn last(&self, name: &str, values: &'static str) -> Vec<Told> {
        let last = self.names.iter().last();
        told(last.map(|module| (self.series(name, module), values)))
    }
}

fn of_probes(kit: &Kit) -> Alert {
    let modules = Modules::of(kit);
    let jobs = as_expression(&[&blackbox::job(kit), &blackbox::health_job(kit)]);
    Alert {
        name: "ProbesAbsent".into(),
        tier: Tier::Error,
        pending: "5m",
        keeps: None,
        holds: 0,
        source: Source::Prober,
        // The exporter answers whoever asks for a module that it does not know by 400, so that there is no result of it.
        expr: format!(
            "count by (environment) (\n  up{{job=~\"{jobs}\"}} == 0{}\n) > 0",
            modules.untold()
        ),
        threshold: None,
        by: &["job"],
        summary: "Nobody probes the service from outside, or not all of it".into(),
        description: "The Blackbox Exporter is gone, does not know a module, or is not asked for it: an outage that only users see would go unnoticed.".into(),
        reason: "Silence of the prober looks like health.".into(),
        cases: cases(&modules),
    }
}

fn cases(modules: &Modules<'_>) -> Vec<Case> {
    let case = |about, series, fires| Case {
        about,
        series,
        at: 10,
        fires,
    };
    let fires: &[&[&str]] = &[&[JOB, PRODUCTION]];
    let well = || modules.others("1x30");
    let ready = |values| {
        let health = blackbox::health_job(modules.kit);
        let up = format!("up{{job=\"{health}\",environment=\"{PRODUCTION}\"}}");
        told([(up, values)])
    };
    let last = |success| {
        [
            modules.last("up", "1x30"),
            modules.last("probe_success", success),
        ]
        .concat()
    };
    vec![
        case("nobody probes", told([("up".into(), "1x30")]), fires),
        case(
            "a module that the exporter does not know",
            [well(), modules.last("up", "0x30")].concat(),
            fires,
        ),
        case("a module that nobody asks for", well(), fires),
        case(
            "nobody asks whether instances are ready",
            [well(), last("1x30"), ready("0x30")].concat(),
            fires,
        ),
        case(
            "probes that fail, which is other alerts'",
            [modules.others("0x30"), last("0x30"), ready("1x30")].concat(),
            &[],
        ),
    ]
}

/// In Kubernetes readiness is what kube-state-metrics tells: where that is not scraped, or its labels are taken for those of its own pod, nobody sees it.
fn or_no_pods(kit: &Kit, mut alert: Alert) -> Alert {
    // Of a pod that is new kube-state-metrics may tell a little later.
    let known = series(kit, "up", "");
    alert.expr += &format!(
        "\nor count by (environment) (\n  ({known} and {known} offset 5m)\n  unless on (namespace, pod) kube_pod_status_ready{{condition=\"true\"}}\n)"
    );
    alert.summary += ", or nobody tells whether its pods are ready";
    alert.description += " Or kube-state-metrics does not tell whether pods are ready: it is not scraped, without honorLabels, or not of this namespace.";
    let mut all = alert.cases.iter();
    let well = all.find(|case| case.fires.is_empty()).cloned();
    let of_pods = well.iter().flat_map(|well| cases_of_pods(kit, well));
    let of_pods: Vec<Case> = of_pods.collect();
    for case in &mut alert.cases {
        case.series
            .extend(told([(up(kit, "a"), "1x30"), (ready("a"), "1x30")]));
    }
    alert.cases.extend(of_pods);
    alert
}

/// That a pod is scraped.
fn up(kit: &Kit, pod: &str) -> String {
    series(kit, "up", &format!("namespace=\"shop\",pod=\"{pod}\""))
}

/// That kube-state-metrics tells of it.
fn ready(pod: &str) -> String {
    format!("kube_pod_status_ready{{condition=\"true\",namespace=\"shop\",pod=\"{pod}\"}}")
}

/// What is tried of pods, beside a case in which all else is well.
fn cases_of_pods(kit: &Kit, well: &Case) -> [Case; 4] {
    let up = |pod| up(kit, pod);
    let case = |about, more: Vec<Told>, fires| Case {
        about,
        series: [well.series.clone(), more].concat(),
        at: 12,
        fires,
    };
    let fires: &[&[&str]] = &[&[JOB]];
    let elsewhere = ready("a").replace("shop", "other");
    [
        case("nobody tells of pods", told([(up("a"), "1x30")]), fires),
        case(
            "nobody tells of one of two",
            told([(up("a"), "1x30"), (ready("a"), "1x30"), (up("b"), "1x30")]),
            fires,
        ),
        case(
            "somebody tells of one of the same name elsewhere",
            told([(up("a"), "1x30"), (elsewhere, "1x30")]),
            fires,
        ),
        case(
            "pods that are new, one after the other",
            told([
                (up("a"), "1x4 stale"),
                (up("b"), "_x5 1x4 stale"),
                (up("c"), "_x10 1x4 stale"),
            ]),
            &[],
        ),
    ]
}
