//! What starts all of it: compose and Kubernetes take their files, and each of them finds what it names.

#[path = "../../tests/support/component.rs"]
mod component;
#[path = "support/stack.rs"]
mod stack;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use ecolaura_monitoring_ops::Kit;

use crate::component::component;
use crate::stack::{MANIFESTS, check, kit, lines, text, written, written_of};

#[test]
fn compose_takes_its_file() {
    let folder = written("stack_compose");
    let (is_good, said) = check(&folder, &["compose.yaml"]);
    assert!(is_good, "{said}");
    // What is mounted is in the kit, but for secrets and what Docker has.
    let inside = format!("{}/", folder.display());
    for mount in lines(&said, "mount ") {
        let Some(path) = mount.strip_prefix(&inside) else {
            assert_eq!(mount, "/var/lib/docker/containers");
            continue;
        };
        let is_secret = path.starts_with("secrets/");
        assert!(is_secret || folder.join(path).exists(), "{path}");
    }
    // Nobody else reaches it.
    for port in lines(&said, "port ") {
        assert!(port.starts_with("127.0.0.1:"), "{port}");
    }
    // Every host that a file names is there.
    let services: BTreeSet<&str> = lines(&said, "service ")
        .into_iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    for (path, host) in [
        ("prometheus/prometheus.yml", "alertmanager:9093"),
        ("prometheus/prometheus.yml", "blackbox:9115"),
        ("prometheus/targets/ecolaura-api.yml", "ecolaura-api:9464"),
        ("alertmanager/alertmanager.yml", "//logstash:8080"),
        (
            "grafana/provisioning/datasources/ecolaura.yml",
            "//prometheus:9090",
        ),
        (
            "grafana/provisioning/datasources/ecolaura.yml",
            "//jaeger:16686",
        ),
        (
            "grafana/provisioning/datasources/ecolaura.yml",
            "//elasticsearch:9200",
        ),
        (
            "grafana/provisioning/datasources/ecolaura.yml",
            "//alertmanager:9093",
        ),
        ("filebeat/filebeat.yml", "logstash:5044"),
        ("services.yaml", "//jaeger:4318"),
    ] {
        assert!(text(path).contains(host), "{path}: {host}");
        let name = host.trim_start_matches('/').split(':').next();
        assert!(services.contains(name.expect("a name")), "{host}");
    }
}

/// Journeys' tokens are for whoever reaches the exporter: it listens in a network where Prometheus alone is besides.
#[test]
fn nobody_but_prometheus_reaches_the_exporter() {
    let folder = written("stack_networks");
    let (is_good, said) = check(&folder, &["compose.yaml"]);
    assert!(is_good, "{said}");
    let is_in = |network: &str| lines(&said, &format!("network {network} "));
    assert_eq!(is_in("probing"), ["blackbox", "prometheus"].into());
    // What it asks, and the way outside.
    assert_eq!(is_in("probed"), ["blackbox", "ecolaura-api"].into());
    let services = text("services.yaml");
    for line in [
        "--web.listen-address=for-prometheus:9115']\n",
        "    networks: {probing: {aliases: [for-prometheus]}, probed: {}}\n",
        "  probing: {internal: true}\n",
    ] {
        assert!(services.contains(line), "{line}");
    }
    assert!(!lines(&said, "port ").contains("127.0.0.1:9115"), "{said}");

    // Names that Prometheus has for the service hold where the exporter asks.
    let kit = Kit::new("Mail_Worker.2").targets(["mail-1:9464", "mail-2:9464"]);
    let without = networks_of(&kit);
    assert_eq!(without, ["{default: {aliases: [mail-1, mail-2]}}"]);
    let both = "{default: {aliases: [mail-1, mail-2]}, probed: {aliases: [mail-1, mail-2]}}";
    let with = networks_of(&kit.probe("https://shop.example"));
    assert!(with.iter().any(|networks| networks == both), "{with:?}");
}

/// The networks that services name, in a file that compose takes.
fn networks_of(kit: &Kit) -> Vec<String> {
    let folder = written_of(kit, "stack_networks_of");
    let (is_good, said) = check(&folder, &["compose.yaml"]);
    assert!(is_good, "{said}");
    let services = fs::read_to_string(folder.join("services.yaml")).expect("it is there");
    let named = services
        .lines()
        .filter_map(|line| line.strip_prefix("    networks: "));
    named.map(str::to_owned).collect()
}

/// Nothing may what root may, but for what gives Jaeger its volume; and what runs as root is told.
#[test]
fn programs_may_no_more_than_they_need() {
    let folder = written("stack_may");
    let (is_good, said) = check(&folder, &["compose.yaml"]);
    assert!(is_good, "{said}");
    let may = lines(&said, "may ");
    assert_eq!(may.len(), lines(&said, "service ").len());
    for line in may {
        let (name, may) = line.split_once(' ').expect("a name");
        let expected = match name {
            "jaeger-set-up" => "user=\"0\" drops=[ALL] adds=[CHOWN]",
            "filebeat" => "user=\"0\" drops=[ALL] adds=[]",
            _ => "user=\"\" drops=[ALL] adds=[]",
        };
        assert_eq!(
            may,
            format!("{expected} [no-new-privileges:true]"),
            "{name}"
        );
    }
}

#[test]
fn what_is_missing_is_told() {
    let folder = written("stack_missing");
    let mut command = Command::new(component("check-stack"));
    let command = command.arg("compose.yaml").current_dir(&folder);
    let output = command
        .env_remove("SERVICE_IMAGE")
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        !output.status.success() && said.contains("name the image of the service"),
        "{said}"
    );

    // What is theirs stands in `.env`, beside the versions that are ours.
    fs::write(folder.join(".env"), "SERVICE_IMAGE=shop:2\n").expect("it can be written");
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let services = lines(&said, "service ");
    assert!(services.contains("ecolaura-api shop:2"), "{said}");

    let compose = folder.join("services.yaml");
    let wrong = text("services.yaml").replace("    mem_limit: 512m", "    memory: 512m");
    fs::write(&compose, wrong).expect("it can be written");
    let (is_good, said) = check(&folder, &["compose.yaml"]);
    assert!(!is_good && said.contains("memory"), "{said}");
    let service = text("kubernetes/service.yml").replace("readinessProbe", "readyProbe");
    fs::write(folder.join("kubernetes/service.yml"), service).expect("it can be written");
    let (is_good, said) = check(&folder, &["kubernetes/service.yml"]);
    assert!(!is_good && said.contains("readyProbe"), "{said}");
}

#[test]
fn kubernetes_takes_its_manifests() {
    let folder = written("stack_kubernetes");
    let (is_good, said) = check(&folder, &MANIFESTS);
    assert!(is_good, "{said}");
    let kinds: BTreeSet<&str> = said.lines().filter(|line| !line.contains(' ')).collect();
    assert_eq!(
        kinds,
        [
            "ConfigMap",
            "Deployment",
            "NetworkPolicy",
            "PodDisruptionBudget",
            "Probe",
            "PrometheusRule",
            "Service",
            "ServiceMonitor"
        ]
        .into()
    );
}

/// The same rules, and all of them, each group with an interval: the one that Prometheus has elsewhere, or its own.
#[test]
fn kubernetes_has_the_rules() {
    let rules = text("kubernetes/rules.yml");
    let mut number = 0;
    for name in ["recording", "alerts", "active-users"] {
        let file = text(&format!("prometheus/{name}.rules.yml"));
        let (_, groups) = file.split_once("groups:\n").expect("groups");
        for line in groups.lines() {
            assert!(rules.contains(&format!("\n  {line}\n")), "{line}");
            number += 1;
        }
    }
    let (_, all) = rules.split_once("  groups:\n").expect("groups");
    let config = text("prometheus/prometheus.yml");
    let (_, every) = config
        .split_once("evaluation_interval: ")
        .expect("an interval");
    let every = format!("      interval: {}", every.lines().next().expect("a line"));
    let all: Vec<&str> = all.lines().collect();
    let mut added = 0;
    for (place, line) in all.iter().enumerate() {
        if line.starts_with("    - name: ") {
            let next = all[place + 1];
            assert!(next.starts_with("      interval: "), "{line}");
            added += usize::from(next == every);
        }
    }
    // Elsewhere one group alone says so.
    assert_eq!(all.len(), number + added - 1);
}

#[test]
fn names_are_what_kubernetes_takes() {
    for (job, name) in [("Mail_Worker.2", "mail-worker-2"), ("x_.", "x")] {
        let files = Kit::new(job).files().expect("a kit");
        let service = files
            .iter()
            .find(|file| file.path == "kubernetes/service.yml");
        let service = &service.expect("it is there").text;
        assert!(service.contains(&format!("\n  name: {name}\n")), "{job}");
    }
}

/// Every secret that is wanted is named, once.
#[test]
fn secrets_are_named() {
    let of = |kit: &Kit| {
        let files = kit.files().expect("a kit");
        let compose = files.into_iter().find(|file| file.path == "compose.yaml");
        let compose = compose.expect("it is there").text;
        let named = compose
            .lines()
            .filter_map(|line| line.strip_prefix("#   secrets/"));
        named.map(str::to_owned).collect::<Vec<_>>()
    };
    let usual = [
        "alertmanager/platform-pagerduty-key",
        "alertmanager/platform-slack-url",
        "alertmanager/smtp-password",
        "grafana-password",
    ];
    assert_eq!(of(&Kit::new("shop")), usual);
    let all = of(&kit());
    for more in [
        "alertmanager/shop-pagerduty-key",
        "alertmanager/shop-slack-url",
        "blackbox/token",
    ] {
        assert!(all.iter().any(|one| one == more), "{all:?}");
    }
    assert_eq!(all.len(), usual.len() + 3);
}

/// Versions stand in one file.
#[test]
fn versions_stand_in_one_place() {
    let versions = text("versions.env");
    let compose = text("services.yaml");
    let names = versions
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0));
    let names: Vec<&str> = names.collect();
    assert_eq!(names.len(), 9);
    for name in &names {
        assert!(compose.contains(&format!(":${{{name}:?")), "{name}");
    }
    let images = compose
        .lines()
        .filter(|line| line.trim_start().starts_with("image:"));
    for image in images {
        assert!(
            image.contains("_VERSION:?") || image.contains("SERVICE_IMAGE"),
            "{image}"
        );
    }
    // Kubernetes has no variables.
    let version = versions
        .lines()
        .find_map(|line| line.strip_prefix("BLACKBOX_VERSION="))
        .expect("a version");
    let image = format!("image: prom/blackbox-exporter:{version}\n");
    assert!(text("kubernetes/blackbox.yml").contains(&image));
}
