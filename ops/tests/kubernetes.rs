//! Kubernetes asks from outside for the same as elsewhere, and gives nobody more than they need.

#[path = "../../tests/support/component.rs"]
mod component;
#[path = "support/stack.rs"]
mod stack;

use std::collections::{BTreeMap, BTreeSet};

use ecolaura_monitoring_ops::{Journey, Kit, Step};

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
