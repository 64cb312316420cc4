//! What runbooks name is there: jobs, modules, dashboards, and where programs are to be asked.

use std::collections::BTreeSet;

use ecolaura_monitoring_ops::{File, Journey, Kit, Step};
use serde_json::Value;

fn files() -> Vec<File> {
    let journey = Journey::new("buy", "https://shop.example").step(Step::get("browse", "/"));
    let kit = Kit::new("shop").probe("https://shop.example");
    kit.journey(journey).files().expect("a kit")
}

fn pages(files: &[File]) -> impl Iterator<Item = &File> {
    files
        .iter()
        .filter(|file| file.path.starts_with("runbooks/"))
}

fn text<'a>(files: &'a [File], path: &str) -> &'a str {
    let file = files.iter().find(|file| file.path == path);
    &file.unwrap_or_else(|| panic!("no {path}")).text
}

/// What follows each of these, up to what cannot be in it.
fn after<'a>(text: &'a str, begin: &str, ends: &[char]) -> Vec<&'a str> {
    let parts = text.split(begin).skip(1);
    let name = |part: &'a str| part.split(ends).next().unwrap_or_default();
    parts.map(name).collect()
}

#[test]
fn jobs_and_modules_are_there() {
    let files = files();
    let config = text(&files, "prometheus/prometheus.yml");
    let jobs: BTreeSet<&str> = after(config, "job_name: ", &['\n']).into_iter().collect();
    let modules = text(&files, "blackbox/blackbox.yml");
    let mut named = BTreeSet::new();
    for File { path, text } in pages(&files) {
        for job in after(text, "{job=\"", &['"']) {
            assert!(jobs.contains(job), "{path}: {job}");
            named.insert(job);
        }
        for module in after(text, "module=\"", &['"']) {
            assert!(
                modules.contains(&format!("\n  {module}:\n")),
                "{path}: {module}"
            );
            named.insert(module);
        }
        for module in after(text, "?module=", &['&']) {
            let module = module.replace("JOURNEY/STEP", "buy/browse");
            assert!(
                modules.contains(&format!("\n  {module}:\n")),
                "{path}: {module}"
            );
        }
    }
    for one in ["shop", "shop-probe", "shop-health", "http_2xx", "tls"] {
        assert!(named.contains(one), "{one} is in no page: {named:?}");
    }
}

/// Where a job is not in Kubernetes, the page says so: instances are asked by Kubernetes itself there.
#[test]
fn what_is_not_in_kubernetes_is_told() {
    let files = files();
    assert!(!text(&files, "kubernetes/monitoring.yml").contains("shop-health"));
    for File { path, text } in pages(&files) {
        let asks = text.contains("shop-health\"") || text.contains("shop-(probe|health)");
        let says = text.contains("In Kubernetes there is no job `shop-health`");
        assert_eq!(asks, says, "{path}");
    }
}

/// A program that is to be asked by its name stands in the index, with how that is done from outside.
#[test]
fn the_index_says_where_to_ask() {
    let files = files();
    let index = text(&files, "runbooks/README.md");
    let mut programs = BTreeSet::new();
    for File { text, .. } in pages(&files) {
        for host in after(text, "http://", &['/', '`', ' ', '\'', '?']) {
            programs.insert(host);
        }
    }
    programs.retain(|host| !host.starts_with("localhost:"));
    for program in &programs {
        let row = format!("\n| `http://{program}` | ");
        assert!(index.contains(&row), "{program}");
    }
    assert_eq!(programs.len(), 5, "{programs:?}");
    // Compose opens these to this machine, and only these.
    let services = text(&files, "services.yaml");
    for port in after(index, "with compose", &['\0'])[0]
        .lines()
        .filter_map(|row| row.split(" | ").nth(1)?.strip_prefix("`http://localhost:"))
        .map(|port| port.trim_end_matches('`'))
    {
        assert!(services.contains(&format!("127.0.0.1:{port}:")), "{port}");
    }
}

#[test]
fn links_lead_to_dashboards() {
    let files = files();
    let uid = |file: &File| {
        let dashboard: Value = serde_json::from_str(&file.text).expect("JSON");
        dashboard["uid"].as_str().expect("a uid").to_owned()
    };
    let uids: BTreeSet<String> = files
        .iter()
        .filter(|file| file.path.starts_with("grafana/dashboards/"))
        .map(uid)
        .collect();
    let mut linked = BTreeSet::new();
    for File { path, text } in pages(&files) {
        for uid in after(text, "]: https://grafana.example/d/", &['\n', '?']) {
            assert!(uids.contains(uid), "{path}: {uid} is none of {uids:?}");
            linked.insert(uid);
        }
    }
    assert!(linked.len() > 2, "{linked:?}");
}

/// It is of the tier `info`, and not kept for later as others of it are.
#[test]
fn the_watchdog_is_sent_to_the_heartbeat_receiver() {
    let kit = || Kit::new("shop");
    let deadman = kit().deadman("/run/secrets/alertmanager/deadman-url");
    for (kit, sent) in [
        (
            deadman,
            "sent every minute to the heartbeat receiver, which raises an alarm when it stops",
        ),
        (
            kit(),
            "sent nowhere, since the kit was made without --deadman",
        ),
    ] {
        let files = kit.files().expect("a kit");
        let page = text(&files, "runbooks/Watchdog.md");
        assert!(page.contains(&format!("Tier `info`: {sent}.")), "{page}");
        let index = text(&files, "runbooks/README.md");
        let (_, of_it) = index
            .split_once(&format!("## Always: {sent}"))
            .expect("a section");
        assert!(of_it.contains("[Watchdog](Watchdog.md)"), "{of_it}");
        assert_eq!(index.matches("[Watchdog]").count(), 1);
    }
    let without = kit().without("Watchdog").files().expect("a kit");
    assert!(!text(&without, "runbooks/README.md").contains("## Always"));
}
