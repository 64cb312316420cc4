//! The rules in `deploy/prometheus` are what a real promtool takes, and every alert fires when it has to, and only then.

use std::path::Path;
use std::process::Command;

use support::folder::empty_folder;
use support::folder::repository;
use support::process::{Process, component};

/// The promtool of the distribution's Prometheus, and that of the newest, which evaluates windows differently.
const EACH: [&str; 2] = ["promtool", "promtool-3"];

fn promtool(program: &str, arguments: &[&str]) -> (bool, String) {
    let folder = repository().join("deploy/prometheus");
    let output = Command::new(component(program))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("promtool runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[track_caller]
fn passes(program: &str, arguments: &[&str]) {
    let (is_good, said) = promtool(program, arguments);
    assert!(is_good && !said.contains("lint error"), "{program}: {said}");
}

/// With each promtool, side by side: some of it takes minutes.
#[track_caller]
fn pass(arguments: &[&str]) {
    std::thread::scope(|side_by_side| {
        for program in EACH {
            side_by_side.spawn(move || passes(program, arguments));
        }
    });
}

#[test]
fn rules_are_rules() {
    for file in [
        "recording.rules.yml",
        "alerts.rules.yml",
        "active-users.rules.yml",
    ] {
        pass(&["check", "rules", file]);
    }
}

/// Each configuration with the promtool that belongs to it, as the documentation says. The other one is for older versions.
#[test]
fn the_configuration_is_one() {
    passes("promtool", &["check", "config", "prometheus-2.yml"]);
    passes("promtool-3", &["check", "config", "prometheus.yml"]);
    passes("promtool-3", &["check", "config", "prometheus-2.yml"]);
    let (is_good, said) = promtool("promtool", &["check", "config", "prometheus.yml"]);
    assert!(
        !is_good && said.contains("scrape_native_histograms"),
        "{said}"
    );
}

/// The one for Prometheus 3, as that reads it: it ends with an error where something is not known.
#[tokio::test]
async fn the_newest_takes_its_configuration() {
    let deploy = repository().join("deploy/prometheus");
    let folder = empty_folder("deploy_rules");
    let config = deploy.join("prometheus.yml").display().to_string();
    let mut prometheus = Process::start(Command::new(component("prometheus-3")).args([
        format!("--config.file={config}"),
        format!("--storage.tsdb.path={}", folder.join("data").display()),
        "--web.listen-address=127.0.0.1:0".to_owned(),
        "--enable-feature=exemplar-storage".to_owned(),
    ]));
    let is_ready = |line: &str| line.contains("ready to receive web requests").then_some(());
    prometheus.line("Prometheus being ready", is_ready).await;
    let loaded = |line: &str| {
        line.contains("Completed loading of configuration file")
            .then_some(())
    };
    prometheus
        .line("the configuration being read", loaded)
        .await;
}

#[test]
fn alerts_fire_within_minutes() {
    pass(&["test", "rules", "alerts.test.yml"]);
}

#[test]
fn alerts_fire_within_hours() {
    pass(&["test", "rules", "alerts-over-hours.test.yml"]);
}

#[test]
fn alerts_fire_within_days() {
    pass(&["test", "rules", "alerts-over-days.test.yml"]);
}

#[test]
fn users_of_a_replica_that_dies_count() {
    pass(&["test", "rules", "active-users.test.yml"]);
}

/// What promtool lets pass: labels that are not there, comparisons that cannot be, templates that do not fit.
#[test]
fn pint_finds_nothing() {
    let folder = repository();
    let output = Command::new(component("pint"))
        .args([
            "--no-color",
            "--offline",
            "--config",
            "tests/e2e_alerts/pint.hcl",
            "lint",
        ])
        .args(["--min-severity=info", "--fail-on=info"])
        .args(
            ["recording", "alerts", "active-users"]
                .map(|name| format!("deploy/prometheus/{name}.rules.yml")),
        )
        .current_dir(folder)
        .output()
        .expect("pint runs");
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

/// What passes can fail.
#[test]
fn a_wrong_rule_is_found() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong.rules.yml");
    std::fs::write(
        &folder,
        "groups: [{ name: a, rules: [{ record: a, expr: 'sum(' }] }]",
    )
    .expect("a file");
    for program in EACH {
        let (is_good, _) = promtool(program, &["check", "rules", &folder.display().to_string()]);
        assert!(!is_good, "{program}");
    }
}
