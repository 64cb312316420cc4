//! What starts all of it: compose and Kubernetes take their files, and each of them finds what it names.

#[path = "../../tests/support/component.rs"]
mod component;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use ecolaura_monitoring_ops::{File, Journey, Kit, Step};

use crate::component::component;

fn kit() -> Kit {
    Kit::new("ecolaura-api")
        .team("shop")
        .probe("https://shop.example")
        .journey(
            Journey::new("buy", "https://shop.example")
                .step(Step::get("browse", "/").token_file("/run/secrets/blackbox/token")),
        )
}

fn files() -> Vec<File> {
    kit().files().expect("a kit")
}

fn text(path: &str) -> String {
    let files = files();
    let found = files.iter().find(|file| file.path == path);
    found.unwrap_or_else(|| panic!("no {path}")).text.clone()
}

fn written(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is not there on the first run.
    let _ = fs::remove_dir_all(&folder);
    kit().write(&folder).expect("a kit");
    folder
}

/// What the check says of these files of a folder, and whether it takes them.
fn check(folder: &Path, files: &[&str]) -> (bool, String) {
    let mut command = Command::new(component("check-stack"));
    let command = command.args(files).current_dir(folder);
    let output = command.env("SERVICE_IMAGE", "shop:1").output();
    let output = output.expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// The ends of the lines that begin so.
fn lines<'a>(said: &'a str, begin: &str) -> BTreeSet<&'a str> {
    said.lines()
        .filter_map(|line| line.strip_prefix(begin))
        .collect()
}

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
        ("compose.yaml", "//jaeger:4318"),
    ] {
        assert!(text(path).contains(host), "{path}: {host}");
        let name = host.trim_start_matches('/').split(':').next();
        assert!(services.contains(name.expect("a name")), "{host}");
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

    let compose = folder.join("compose.yaml");
    let wrong = text("compose.yaml").replace("    mem_limit: 512m", "    memory: 512m");
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
    let manifests = ["service", "monitoring", "rules"].map(|name| format!("kubernetes/{name}.yml"));
    let (is_good, said) = check(&folder, &manifests.each_ref().map(String::as_str));
    assert!(is_good, "{said}");
    let kinds: BTreeSet<&str> = said.lines().collect();
    assert_eq!(
        kinds,
        [
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

/// The same rules, and all of them.
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
    assert_eq!(all.lines().count(), number);
}

#[test]
fn names_are_what_kubernetes_takes() {
    for (job, name) in [("Mail_Worker.2", "mail-worker-2"), ("x_.y", "x--y")] {
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
        "grafana-password",
    ];
    assert_eq!(of(&Kit::new("shop")), usual);
    let mailed = kit().mail("mail.example:587", "a@mail.example", "b@mail.example");
    let all = of(&mailed);
    for more in [
        "alertmanager/shop-pagerduty-key",
        "alertmanager/shop-slack-url",
        "alertmanager/smtp-password",
        "blackbox/token",
    ] {
        assert!(all.iter().any(|one| one == more), "{all:?}");
    }
    assert_eq!(all.len(), usual.len() + 4);
}

/// What was told stands there, and nothing has to be changed by hand.
#[test]
fn what_was_told_stands_there() {
    let kit = kit()
        .image("registry.example:5000/shop/API:1.2.3")
        .prometheus("https://watch.example/prometheus/")
        .alertmanager("https://watch.example/$alerts");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stack_told");
    // It is not there on the first run.
    let _ = fs::remove_dir_all(&folder);
    kit.write(&folder).expect("a kit");
    let (is_good, said) = check(&folder, &["compose.yaml"]);
    assert!(is_good, "{said}");
    let (is_good, said) = check(&folder, &["kubernetes/service.yml"]);
    assert!(is_good, "{said}");
    let image = "registry.example:5000/shop/API:1.2.3";
    for (path, line) in [
        ("compose.yaml", format!("    image: ${{SERVICE_IMAGE:-{image}}}")),
        ("kubernetes/service.yml", format!("          image: '{image}'")),
        (
            "compose.yaml",
            "      - '--web.external-url=https://watch.example/prometheus'\n      - --web.route-prefix=/".to_owned(),
        ),
        (
            "compose.yaml",
            "      - '--web.external-url=https://watch.example/$$alerts'\n      - --web.route-prefix=/".to_owned(),
        ),
    ] {
        let text = fs::read_to_string(folder.join(path)).expect("a file");
        assert!(text.contains(&format!("{line}\n")), "{line} is not in\n{text}");
    }
    assert!(!text("compose.yaml").contains("--web.external-url"));
}

/// Versions stand in one file.
#[test]
fn versions_stand_in_one_place() {
    let versions = text("versions.env");
    let compose = text("compose.yaml");
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
}
