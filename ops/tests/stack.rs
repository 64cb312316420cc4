//! What starts all of it: compose and Kubernetes take their files, and each of them finds what it names.

#[path = "support/stack.rs"]
mod stack;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use ecolaura_monitoring_ops::Kit;

use crate::stack::{MANIFESTS, check, kit, lines, text, written, written_of};
use support::component::component;

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
    assert_eq!(without, ["{default: {aliases: ['mail-1', 'mail-2']}}"]);
    let both =
        "{default: {aliases: ['mail-1', 'mail-2']}, probed: {aliases: ['mail-1', 'mail-2']}}";
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

/// Each rule by its name, or the name of its alert.
fn rules(text: &str) -> BTreeMap<String, String> {
    let (_, groups) = text.split_once("groups:\n").expect("groups");
    let mut rules = BTreeMap::new();
    for rule in groups
        .split("- record: ")
        .flat_map(|rest| rest.split("- alert: "))
        .skip(1)
    {
        // The next group begins behind the last rule of one.
        let rule = rule.split("- name: ").next().unwrap_or_default();
        let rule: String = rule
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .flat_map(|line| [line, "\n"])
            .collect();
        let name = rule.lines().next().unwrap_or_default().to_owned();
        // What is recorded for each window, or for each objective, has one name.
        rules
            .entry(name)
            .or_insert_with(String::new)
            .push_str(&rule);
    }
    rules
}

/// The same rules, but for those on what is known otherwise there.
#[test]
fn kubernetes_has_the_rules() {
    let there = rules(&text("kubernetes/rules.yml"));
    let here = ["recording", "alerts", "active-users"];
    let here = here.map(|name| rules(&text(&format!("prometheus/{name}.rules.yml"))));
    let here: BTreeMap<String, String> = here.into_iter().flatten().collect();
    assert!(here.keys().eq(there.keys()), "{here:#?} {there:#?}");
    for (name, rule) in &here {
        let is_other = name.ends_with("NotReady") || name == "ProbesAbsent";
        assert_eq!(rule != &there[name], is_other, "{name}");
        if is_other {
            assert!(there[name].contains("kube_pod_status_ready"), "{name}");
        }
        // Nobody asks instances there but Kubernetes itself.
        let asked = there[name].contains("probe_success{job=\"ecolaura-api-health\"");
        assert!(!asked, "{name}");
    }
}

/// A cluster has one environment, and is not asked for others.
#[test]
fn kubernetes_has_one_environment() {
    let kit = kit().environment("staging", ["staging:9464"]);
    let files = kit.files().expect("a kit");
    let unknown = |path: &str| {
        let file = files.iter().find(|file| file.path == path);
        rules(&file.expect("it is there").text)["ServiceUnknown"].clone()
    };
    assert!(unknown("prometheus/alerts.rules.yml").contains("environment=\"staging\""));
    let there = unknown("kubernetes/rules.yml");
    assert!(there.contains("environment=\"production\"") && !there.contains("staging"));
}

/// Each group with an interval: the one that Prometheus has elsewhere, or its own.
#[test]
fn groups_in_kubernetes_have_intervals() {
    let rules = text("kubernetes/rules.yml");
    let config = text("prometheus/prometheus.yml");
    let (_, every) = config
        .split_once("evaluation_interval: ")
        .expect("an interval");
    let every = format!("      interval: {}", every.lines().next().expect("a line"));
    let all: Vec<&str> = rules.lines().collect();
    let heads = all
        .windows(2)
        .filter(|pair| pair[0].starts_with("    - name: "));
    let intervals: Vec<&str> = heads.map(|pair| pair[1]).collect();
    assert!(intervals.len() > 8, "{intervals:?}");
    for interval in &intervals {
        assert!(interval.starts_with("      interval: "), "{interval}");
    }
    assert!(intervals.contains(&every.as_str()), "{intervals:?}");
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
    assert_eq!(
        of(&mailed),
        [
            "alertmanager/shop-pagerduty-key",
            "alertmanager/shop-slack-url",
            "alertmanager/smtp-password",
            "blackbox/token",
            "grafana-password",
        ]
    );
}

/// What was told stands there, and nothing has to be changed by hand.
#[test]
fn what_was_told_stands_there() {
    let kit = kit()
        .image("registry.example:5000/shop/API:1.2.3")
        .port(8080)
        .targets(["a-1:9500", "a-2:9500"])
        .deadman("/run/secrets/alertmanager/deadman-url")
        .prometheus("https://watch.example/prometheus/")
        .alertmanager("https://watch.example/$alerts");
    let folder = written_of(&kit, "stack_told");
    let (is_good, said) = check(&folder, &["compose.yaml"]);
    assert!(is_good, "{said}");
    let (is_good, said) = check(&folder, &["kubernetes/service.yml"]);
    assert!(is_good, "{said}");
    let image = "registry.example:5000/shop/API:1.2.3";
    for (path, line) in [
        ("services.yaml", format!("    image: ${{SERVICE_IMAGE:-{image}}}")),
        ("kubernetes/service.yml", format!("          image: '{image}'")),
        ("services.yaml", "    ports: ['127.0.0.1:8080:8080', '127.0.0.1:9500:9500']".to_owned()),
        ("services.yaml", "      OTEL_EXPORTER_PROMETHEUS_PORT: '9500'".to_owned()),
        ("kubernetes/service.yml", "            - {name: http, containerPort: 8080}".to_owned()),
        ("kubernetes/service.yml", "    - {name: monitoring, port: 9500, targetPort: monitoring}".to_owned()),
        ("kubernetes/service.yml", "            - {name: OTEL_EXPORTER_PROMETHEUS_PORT, value: '9500'}".to_owned()),
        ("compose.yaml", "#   secrets/alertmanager/deadman-url".to_owned()),
        ("alertmanager/alertmanager.yml", "      - url_file: '/run/secrets/alertmanager/deadman-url'".to_owned()),
        (
            "services.yaml",
            "      - '--web.external-url=https://watch.example/prometheus'\n      - --web.route-prefix=/".to_owned(),
        ),
        (
            "services.yaml",
            "      - '--web.external-url=https://watch.example/$$alerts'\n      - --web.route-prefix=/".to_owned(),
        ),
    ] {
        let text = fs::read_to_string(folder.join(path)).expect("a file");
        assert!(text.contains(&format!("{line}\n")), "{line} is not in\n{text}");
    }
    assert!(!text("services.yaml").contains("--web.external-url"));
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
    // As the runbook of what is killed for memory says.
    assert!(compose.contains("mem_limit: ${SERVICE_MEMORY:-512m}\n"));
    assert!(text("runbooks/RestartsAgainAndAgain.md").contains("`SERVICE_MEMORY=1g` in `.env`"));
    // Kubernetes has no variables.
    let version = versions
        .lines()
        .find_map(|line| line.strip_prefix("BLACKBOX_VERSION="))
        .expect("a version");
    let image = format!("image: prom/blackbox-exporter:{version}\n");
    assert!(text("kubernetes/blackbox.yml").contains(&image));
}
