//! The first page of a kit: what is in it, how to start it, and the command that made it.

use std::fmt::Write as _;

use crate::file::{File, MADE};
use crate::grafana;
use crate::kit::Kit;
use crate::names::kubernetes_name;
use crate::parts::Parts;
use crate::place::filled;
use crate::stack;

/// What each folder and file is for. The table has those that the kit has.
const CONTENTS: [(&str, &str); 15] = [
    (
        "prometheus/",
        "Scrape configuration, recording rules, alerts, and unit tests of the alerts. `prometheus.yml` is for Prometheus 3.8 or newer, `prometheus-2.yml` for 2.42 or newer",
    ),
    (
        "alertmanager/",
        "Which alert is sent to whom, and the texts of messages",
    ),
    (
        "runbooks/",
        "What to do when an alert fires: a page for each",
    ),
    ("grafana/", "DASHBOARDS, and the data sources"),
    (
        "blackbox/",
        "Probes from outside, for the Blackbox Exporter",
    ),
    ("jaeger/", "Configuration of Jaeger, which keeps traces"),
    (
        "elasticsearch/",
        "Templates, pipelines and lifecycles of log lines in Elasticsearch",
    ),
    ("opensearch/", "The same for OpenSearch"),
    (
        "logstash/",
        "Sends log lines to Elasticsearch or OpenSearch",
    ),
    (
        "filebeat/",
        "Sends what the container of the service prints to Logstash",
    ),
    ("kibana/", "Searches and a dashboard of log lines"),
    (
        "kubernetes/",
        "The service, its monitors and its rules, for the Prometheus Operator",
    ),
    (
        "compose.yaml",
        "Everything on one machine. It includes `services.yaml`",
    ),
    (
        "versions.env",
        "The versions of all programs, for `compose.yaml`",
    ),
    (
        "kit.manifest",
        "Which files the command wrote. It never overwrites a file that was changed by hand",
    ),
];

pub(crate) fn file(kit: &Kit, parts: &Parts, files: &[File]) -> File {
    let titles = grafana::titles(kit, files);
    let dashboards = format!("Dashboards ({})", titles.join(", "));
    let mut contents = String::new();
    for (path, what) in CONTENTS {
        if files.iter().any(|file| file.path.starts_with(path)) || path == crate::manifest::MANIFEST
        {
            let what = what.replace("DASHBOARDS", &dashboards);
            let _ = writeln!(contents, "| `{path}` | {what} |");
        }
    }
    let image = match &kit.image {
        Some(_) => String::new(),
        None => format!(
            "export SERVICE_IMAGE={}:1.0.0   # the image of your service\n",
            kubernetes_name(&kit.job)
        ),
    };
    let (port, own_port) = (kit.port.to_string(), kit.own_port().to_string());
    let secrets = secrets(kit);
    let made = made(kit);
    let text = filled(
        &format!("<!-- {MADE} -->\n{}", parts.text(README)),
        &[
            ("CONTENTS", contents.as_str()),
            ("PLACEHOLDERS", &placeholders(kit)),
            ("SET_IMAGE", &image),
            ("SECRETS", &secrets),
            ("PORT_OF_CUSTOMERS", &port),
            ("PORT_OF_METRICS", &own_port),
            ("TEAM", &kit.team),
            ("JOB", &kit.job),
            ("MANIFESTS", &manifests(kit, files)),
            ("MADE", &made),
        ],
    );
    File::new("README.md", text)
}

/// What was left at its default and does not work without a change.
fn placeholders(kit: &Kit) -> String {
    let addresses = [
        ("Alerts link to runbooks", &kit.runbooks, "--runbooks"),
        ("Messages link to Grafana", &kit.dashboards, "--grafana"),
        ("Messages link to Jaeger", &kit.traces, "--jaeger"),
    ];
    let addresses = addresses
        .into_iter()
        .filter(|(_, address, _)| address.ends_with(".example"));
    let mut missing: Vec<String> = addresses
        .map(|(what, address, flag)| {
            format!("- {what} at `{address}`, a placeholder: `{flag} ADDRESS`\n")
        })
        .collect();
    if kit.deadman.is_none() {
        missing.push("- Nothing outside notices when Prometheus or Alertmanager is down: `--deadman ADDRESS` names a heartbeat receiver\n".to_owned());
    }
    if missing.is_empty() {
        return String::new();
    }
    format!("## Still to be set\n\n{}\n", missing.concat())
}

/// The commands that write the secrets.
fn secrets(kit: &Kit) -> String {
    let mut text = String::new();
    let secrets = stack::secrets(kit);
    let folders = secrets.iter().filter_map(|file| file.rsplit_once('/'));
    let mut folders: Vec<String> = folders
        .map(|(folder, _)| format!("secrets/{folder}"))
        .collect();
    folders.dedup();
    let _ = writeln!(text, "mkdir -p {}", folders.join(" "));
    for file in &secrets {
        let value = match file.rsplit(['/', '-']).next().unwrap_or_default() {
            _ if file == "grafana-password" => "\"$(openssl rand -hex 24)\"",
            _ if file.ends_with("-slack-url") => {
                "'https://hooks.slack.com/services/YOUR/OWN/ADDRESS'"
            }
            _ if file.ends_with("-pagerduty-key") => "'INTEGRATION-KEY'",
            _ if file.ends_with("/smtp-password") => "'PASSWORD OF THE MAIL SERVER'",
            _ if file.starts_with("blackbox/") => "'BEARER-TOKEN'",
            _ => "'ADDRESS'",
        };
        let _ = writeln!(text, "printf %s {value} > secrets/{file}");
    }
    text
}

/// The manifests, for the command that applies them.
fn manifests(kit: &Kit, files: &[File]) -> String {
    let paths = files.iter().map(|file| file.path.as_str());
    let own =
        paths.filter(|path| path.starts_with("kubernetes/") && !path.ends_with("/blackbox.yml"));
    let own: Vec<String> = own.map(|path| format!("-f {path}")).collect();
    let mut text = format!("kubectl apply {}\n", own.join(" "));
    if crate::blackbox::is_probed(kit) {
        text += "kubectl apply --namespace monitoring -f kubernetes/blackbox.yml   # the namespace of Prometheus\n";
    }
    text
}

/// How to make it again.
fn made(kit: &Kit) -> String {
    match &kit.command {
        Some(command) => format!("This command wrote the folder. Change its flags and run it again, with this folder as `FOLDER`. The program is the crate `ecolaura-monitoring-ops`, installed by `cargo install` from the repository of `ecolaura-monitoring`:\n\n```sh\n{command}\n```\n"),
        None => "The crate `ecolaura-monitoring-ops` wrote the folder (`Kit::write`). Change the `Kit` and write it again.\n".to_owned(),
    }
}

const README: &str = include_str!("readme.md");
