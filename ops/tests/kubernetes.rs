//! Kubernetes asks from outside for the same as elsewhere, and gives nobody more than they need.

#[path = "support/stack.rs"]
mod stack;

use std::collections::{BTreeMap, BTreeSet};

use std::fs;

use ecolaura_monitoring::catalog;
use ecolaura_monitoring_ops::{Answer, Journey, Kit, Step};
use serde_json::Value;

use crate::stack::{MANIFESTS, check, lines, text, written, written_of};

/// In Kubernetes the exporter is asked for the same as elsewhere, and has the same modules.
#[test]
fn kubernetes_asks_for_the_same() {
    let folder = written("stack_probes");
    let (is_good, said) = check(&folder, &MANIFESTS);
    assert!(is_good, "{said}");
    let asked: BTreeSet<String> = lines(&said, "asks ")
        .into_iter()
        .map(str::to_owned)
        .collect();
    let config = text("prometheus/prometheus.yml");
    let (_, job) = config
        .split_once("  - job_name: ecolaura-api-probe\n")
        .expect("a job");
    let (job, _) = job.split_once("  - job_name:").expect("another job");
    let (_, every) = job.split_once("scrape_interval: ").expect("an interval");
    let every = every.lines().next().expect("a line");
    let expected: BTreeSet<String> = job
        .split("- targets: ['")
        .skip(1)
        .map(|one| {
            let (target, labels) = one.split_once("']\n        labels: {").expect("labels");
            let (labels, _) = labels.split_once('}').expect("its end");
            let labels: BTreeMap<&str, &str> = labels
                .split(", ")
                .map(|label| label.split_once(": ").expect("a pair"))
                .map(|(name, value)| (name, value.trim_matches('\'')))
                .collect();
            let module = labels["module"];
            let labels = serde_json::to_string(&labels).expect("texts");
            format!(
                "ecolaura-api-blackbox:9115 ecolaura-api-probe {every} {module} {target} {labels}"
            )
        })
        .collect();
    assert!(expected.len() > 2, "{expected:?}");
    assert_eq!(asked, expected);
    let modules = format!("{:?}", text("blackbox/blackbox.yml").trim_end());
    assert!(lines(&said, "holds ").contains(modules.as_str()), "{said}");
    // Its Service is called as the Probes call it.
    let exporter = text("kubernetes/blackbox.yml");
    assert!(exporter.contains("kind: Service\nmetadata:\n  name: ecolaura-api-blackbox\n"));
    assert!(exporter.contains("{name: probe, port: 9115,"));
}

/// Probes are called after what they ask, each by a name of its own, also where Kubernetes takes two names for one.
#[test]
fn probes_are_called_after_what_they_ask() {
    let journey = |name: &str, steps: &[&str]| {
        let journey = Journey::new(name, "https://shop.example");
        let step = |journey: Journey, step: &&str| journey.step(Step::get(*step, "/"));
        steps.iter().fold(journey, step)
    };
    let kit = Kit::new("Mail_Worker.2")
        .probe("https://shop.example")
        .journey(journey("a-b", &["c", "sign_up", "Sign-Up"]))
        .journey(journey("a", &["b-c"]));
    let folder = written_of(&kit, "stack_names");
    let (is_good, said) = check(&folder, &["kubernetes/monitoring.yml"]);
    assert!(is_good, "{said}");
    let names: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("name mail-worker-2."))
        .collect();
    let (last, others) = names[..5].split_last().expect("names");
    assert_eq!(
        others,
        [
            "page",
            "certificate",
            "journey.a-b.c",
            "journey.a-b.sign-up"
        ]
    );
    let hash = last.strip_prefix("journey.a-b.sign-up-").expect("another");
    assert!(
        hash.len() == 8 && hash.chars().all(|c| c.is_ascii_hexdigit()),
        "{hash}"
    );
    assert_eq!(names[5..], ["journey.a.b-c"]);
}

/// Steps' tokens come from a secret, which is named where one is wanted, to where the steps look for them.
#[test]
fn kubernetes_has_the_tokens() {
    let exporter = text("kubernetes/blackbox.yml");
    for line in [
        "# Before: kubectl create secret generic ecolaura-api-blackbox '--from-file=secrets/blackbox/token'",
        "            - {name: tokens, mountPath: /run/secrets/blackbox, readOnly: true}",
        "          secret: {secretName: ecolaura-api-blackbox, defaultMode: 0440}",
    ] {
        assert!(exporter.contains(&format!("{line}\n")), "{line}");
    }
    let without = Kit::new("shop").probe("https://shop.example").files();
    let without = without
        .expect("a kit")
        .into_iter()
        .find(|file| file.path == "kubernetes/blackbox.yml");
    let without = without.expect("it is there").text;
    assert!(!without.contains("secret"), "{without}");
}

/// Nobody has a token of Kubernetes who asks it for nothing, and whoever would have the exporter ask is kept away.
#[test]
fn nobody_may_more_than_they_need() {
    for path in ["kubernetes/service.yml", "kubernetes/blackbox.yml"] {
        let manifest = text(path);
        for line in [
            "      automountServiceAccountToken: false",
            "        runAsNonRoot: true",
            "            readOnlyRootFilesystem: true",
            "            capabilities: {drop: [ALL]}",
            "kind: NetworkPolicy",
        ] {
            assert_eq!(
                manifest.matches(&format!("\n{line}\n")).count(),
                1,
                "{path}: {line}"
            );
        }
    }
    let exporter = text("kubernetes/blackbox.yml");
    let (_, policy) = exporter
        .split_once("kind: NetworkPolicy")
        .expect("a policy");
    assert_eq!(policy.matches("- podSelector:").count(), 1, "{policy}");
    assert!(
        policy.contains("{app.kubernetes.io/name: prometheus}"),
        "{policy}"
    );
}

const DOCUMENTATION: &str = include_str!("../../docs/operations.md");

/// Labels that scrapers add to targets, beside the ones that the Operator's own code is asked for below.
const ADDED: [(&str, &[&str]); 4] = [
    ("Prometheus itself", &["instance", "job"]),
    ("the kit's file of targets", &["environment"]),
    // documentation/examples/prometheus-kubernetes.yml of Prometheus, now and before 2.33, and its Helm chart.
    (
        "Prometheus' example for Kubernetes",
        &[
            "kubernetes_name",
            "kubernetes_namespace",
            "kubernetes_pod_name",
            "namespace",
            "node",
            "pod",
            "service",
        ],
    ),
    (
        "Google's PodMonitoring",
        &[
            "cluster",
            "container",
            "location",
            "namespace",
            "node",
            "pod",
            "project_id",
            "top_level_controller_name",
            "top_level_controller_type",
        ],
    ),
];

/// A label of a metric that the target has too is renamed to `exported_…`, and whatever asks for it finds nothing.
#[test]
fn no_label_of_a_metric_is_one_that_scrapers_add() {
    let of_metrics = |label: &String| {
        let mut metrics = catalog::ALL.iter();
        let metric = metrics.find(|metric| metric.label_names().contains(&label.as_str()));
        metric.map(|metric| format!("{label} of {}", metric.name()))
    };
    let folder = written("stack_labels");
    let mut documented = DOCUMENTATION.split("```yaml\n").skip(1);
    let mut documented = |kind: &str| {
        let block = documented.find(|block| block.contains(&format!("kind: {kind}\n")));
        block.and_then(|block| Some(block.split_once("```")?.0.to_owned()))
    };
    fs::write(
        folder.join("own.yml"),
        documented("ServiceMonitor").expect("it is shown"),
    )
    .expect("it can be written");
    fs::write(
        folder.join("pods.yml"),
        documented("PodMonitor").expect("it is shown"),
    )
    .expect("it can be written");
    let mut added: Vec<(String, Target)> = Vec::new();
    for file in ["kubernetes/monitoring.yml", "own.yml", "pods.yml"] {
        let (is_good, said) = check(&folder, &[file]);
        assert!(is_good, "{said}");
        for scrape in lines(&said, "scrapes ") {
            let scrape: Value = serde_json::from_str(scrape).expect("JSON");
            // Probes scrape the Blackbox Exporter, whose metrics are not ours.
            if !scrape["params"].is_null() {
                continue;
            }
            added.push((
                format!("{file}: {}", scrape["job_name"]),
                Target::of(&scrape),
            ));
        }
    }
    assert_eq!(added.len(), 3, "{added:?}");
    for (scraper, labels) in ADDED {
        let labels: BTreeSet<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        let target = Target {
            keeps: labels,
            drops: BTreeSet::new(),
        };
        added.push((scraper.to_owned(), target));
    }
    for (scraper, target) in &added {
        let both: Vec<String> = target.keeps.iter().filter_map(of_metrics).collect();
        assert!(both.is_empty(), "{scraper} adds {both:?}");
        // Readiness is joined by these.
        if scraper.contains("serviceMonitor/") {
            for label in ["namespace", "pod", "job", "environment"] {
                assert!(target.keeps.contains(label), "{scraper}: {label}");
            }
        }
        // Monitors lose no more than what collides.
        let lost: Vec<_> = target
            .drops
            .iter()
            .filter(|label| of_metrics(label).is_none())
            .collect();
        assert!(lost.is_empty(), "{scraper} loses {lost:?}");
    }
    // The Operator adds one that collides, so that all of this looks at something.
    assert!(
        added
            .iter()
            .any(|(_, target)| target.drops.contains("endpoint"))
    );
}

/// The labels of a target by a scrape configuration of the Operator.
#[derive(Debug, Default)]
struct Target {
    keeps: BTreeSet<String>,
    drops: BTreeSet<String>,
}

impl Target {
    fn of(scrape: &Value) -> Self {
        let mut target = Self::default();
        for config in scrape["static_configs"].as_array().into_iter().flatten() {
            let labels = config["labels"].as_object().into_iter().flatten();
            target.keeps.extend(labels.map(|(label, _)| label.clone()));
        }
        for step in scrape["relabel_configs"].as_array().into_iter().flatten() {
            let text = |key: &str| step[key].as_str().unwrap_or_default();
            if text("action") == "labeldrop" {
                for label in text("regex").split('|') {
                    if target.keeps.remove(label) {
                        target.drops.insert(label.to_owned());
                    }
                }
            }
            let label = text("target_label");
            // Others are gone before the scrape.
            if !label.is_empty() && !label.starts_with("__") {
                target.keeps.insert(label.to_owned());
            }
        }
        target
    }
}

/// A metric of one's own keeps a label that no rule needs of the target.
#[test]
fn own_metrics_keep_their_labels() {
    for (labels, dropped) in [
        ("carrier=\"bike\"", "endpoint"),
        ("service=\"mail\",node=\"n\"", "endpoint|node|service"),
        // Which rules need of the target.
        ("pod=\"p\",namespace=\"n\"", "endpoint"),
    ] {
        let metrics = format!("# TYPE parcels_sent counter\nparcels_sent_total{{{labels}}} 3\n");
        let kit = Kit::new("shop").answer(Answer::read(&metrics).expect("metrics"));
        let files = kit.files().expect("a kit");
        let monitor = files
            .iter()
            .find(|file| file.path == "kubernetes/monitoring.yml");
        let line = format!("        - {{action: labeldrop, regex: {dropped}}}\n");
        let monitor = &monitor.expect("it is there").text;
        assert!(monitor.contains(&line), "{labels}: {monitor}");
    }
}
