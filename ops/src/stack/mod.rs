//! How all of it is started, in compose and in Kubernetes: `ops/stack/`, filled.

mod probes;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ecolaura_monitoring::catalog;
use serde_json::{Value, json};

use crate::blackbox;
use crate::error::Error;
use crate::file::File;
use crate::kit::Kit;
use crate::prometheus::rule::groups_text;
use crate::prometheus::{EVALUATED, groups};
use crate::template;

/// The versions of all programs. The tests run Prometheus, Alertmanager, the Blackbox Exporter and Jaeger in these versions, and OpenSearch in the
/// place of Elasticsearch.
const VERSIONS: &str = include_str!("../../stack/versions.env");

/// The files for it.
pub(crate) fn files(kit: &Kit) -> Result<Vec<File>, Error> {
    let file = |path, source, more| template::file(path, source, kit, more);
    let compose = json!({ "secrets": secrets(kit) });
    let services = json!({ "hosts": hosts(kit), "looks_back": kit.looks_back() });
    let mut files = vec![
        file("versions.env", VERSIONS, json!({}))?,
        file(
            "jaeger/jaeger.yml",
            include_str!("../../stack/jaeger.yml"),
            json!({}),
        )?,
        // What compose reads from there belongs into no repository.
        File::new(".gitignore", "secrets/\n.env\nservice.env\n"),
        file(
            "compose.yaml",
            include_str!("../../stack/compose.yaml"),
            compose,
        )?,
        file(
            "services.yaml",
            include_str!("../../stack/services.yaml"),
            services,
        )?,
        file(
            "filebeat/filebeat.yml",
            include_str!("../../stack/filebeat.yml"),
            json!({}),
        )?,
    ];
    files.extend(kubernetes(kit)?);
    Ok(files)
}

/// Those for Kubernetes, and for its Prometheus Operator.
fn kubernetes(kit: &Kit) -> Result<Vec<File>, Error> {
    let file = |path, source, more| template::file(path, source, kit, more);
    let monitoring = json!({
        "dropped": dropped(kit),
        "probes": probes::probes(kit),
        "probe_job": blackbox::job(kit),
        "every": blackbox::EVERY.0,
    });
    let mut files = vec![
        file(
            "kubernetes/service.yml",
            include_str!("../../stack/kubernetes/service.yml"),
            json!({}),
        )?,
        file(
            "kubernetes/monitoring.yml",
            include_str!("../../stack/kubernetes/monitoring.yml"),
            monitoring,
        )?,
        file(
            "kubernetes/rules.yml",
            include_str!("../../stack/kubernetes/rules.yml"),
            rules(kit)?,
        )?,
    ];
    if blackbox::is_probed(kit) {
        files.push(file(
            "kubernetes/blackbox.yml",
            include_str!("../../stack/kubernetes/blackbox.yml"),
            json!({ "modules": blackbox::config(kit)?.text, "blackbox_version": version("BLACKBOX") }),
        )?);
    }
    Ok(files)
}

/// All rules, each group with the interval that it has from `prometheus.yml` elsewhere: a Prometheus of the Operator evaluates every 30 seconds by default.
fn rules(kit: &Kit) -> Result<Value, Error> {
    let mut groups = groups(&kit.in_kubernetes())?;
    for group in &mut groups {
        group.interval.get_or_insert(EVALUATED);
    }
    Ok(json!({ "groups": groups_text(&groups) }))
}

/// The version of a program, for files that have no variables.
fn version(program: &str) -> Option<&'static str> {
    let mut lines = VERSIONS
        .lines()
        .filter_map(|line| line.split_once("_VERSION="));
    lines.find_map(|(name, version)| (name == program).then_some(version))
}

/// Hosts that are somewhere else for each container.
const OUTSIDE: [&str; 2] = ["localhost", "host.docker.internal"];

/// What Prometheus calls the service, besides its name.
fn hosts(kit: &Kit) -> BTreeSet<&str> {
    let hosts = kit.environments[0].targets.iter().filter_map(|target| {
        let (host, _) = target.rsplit_once(':')?;
        let is_address = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
        (!is_address && host != kit.job && !OUTSIDE.contains(&host)).then_some(host)
    });
    hosts.collect()
}

/// The files that receivers and journeys read.
pub(crate) fn secrets(kit: &Kit) -> BTreeSet<String> {
    let team = &kit.team;
    let of_team = ["slack-url", "pagerduty-key"].map(|what| format!("alertmanager/{team}-{what}"));
    let tokens = blackbox::tokens(kit).into_iter();
    let tokens = tokens.map(|token| format!("blackbox/{token}"));
    let mail = kit.mail.iter().map(|_| "alertmanager/smtp-password");
    let deadman = kit.deadman.iter();
    let deadman = deadman.filter_map(|file| file.strip_prefix("/run/secrets/"));
    let others = mail.chain(deadman).chain(["grafana-password"]);
    let others = others.map(str::to_owned);
    of_team.into_iter().chain(tokens).chain(others).collect()
}

/// The labels that the Operator adds to the targets of a ServiceMonitor, and that no rule and no dashboard of the kit needs.
const TARGET_LABELS: [&str; 4] = ["container", "endpoint", "node", "service"];

/// Those of them that metrics of the service have too, as a regular expression: targets lose them, so that metrics keep theirs.
fn dropped(kit: &Kit) -> String {
    let of_catalog = catalog::ALL.iter().flat_map(|metric| metric.label_names());
    let own = kit.metrics.iter().flat_map(|metric| &metric.labels);
    let used: BTreeSet<&str> = of_catalog.copied().chain(own.map(String::as_str)).collect();
    let both: Vec<&str> = TARGET_LABELS
        .into_iter()
        .filter(|label| used.contains(label))
        .collect();
    both.join("|")
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read() {
        assert!(version("BLACKBOX").is_some_and(|version| version.starts_with('v')));
        assert_eq!(version("box"), None);
    }
}
