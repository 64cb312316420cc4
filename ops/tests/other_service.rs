//! The kit of a service that is unlike the shop: promtool and amtool take it, and its alerts fire as they should.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs, thread};

use ecolaura_monitoring_ops::{Journey, Kit, Slo, Step};

use support::component::component;

fn kit() -> Kit {
    let quick = Duration::from_secs(1);
    Kit::new("mail_worker.2")
        .targets(["[::1]:9464", "10.0.0.7:9464"])
        .environment("staging", ["staging:9464"])
        .environment("eu.test", ["test:9464"])
        .objective(Slo::new("letters", "send_letter", 99.0).within(quick))
        .objective(Slo::new("sorted", "sort_letters", 99.9))
        .journey(Journey::new("mail", "http://mail.example").step(Step::get("inbox", "/")))
        .threshold("QueueFills", 0.6)
        .without("TwoVersionsRun")
}

fn written(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is not there on the first run.
    let _ = fs::remove_dir_all(&folder);
    kit().write(&folder).expect("a kit");
    folder
}

#[track_caller]
fn passes(folder: &Path, tool: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(component(tool));
    let output = command.args(arguments).current_dir(folder).output();
    let output = output.expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

#[test]
fn its_rules_are_rules_and_fire() {
    let folder = written("other_service_rules").join("prometheus");
    passes(
        &folder,
        "promtool",
        &["check", "config", "prometheus-2.yml"],
    );
    // Each takes minutes.
    thread::scope(|side_by_side| {
        for tests in [
            "alerts.test.yml",
            "alerts-over-hours.test.yml",
            "alerts-over-days.test.yml",
        ] {
            let text = fs::read_to_string(folder.join(tests)).expect("tests");
            assert!(
                text.contains("mail_worker.2") && !text.contains("ecolaura-api"),
                "{tests}"
            );
            assert!(!text.contains("QueueFills"), "its threshold is another");
            let folder = &folder;
            side_by_side.spawn(move || passes(folder, "promtool", &["test", "rules", tests]));
        }
    });
}

#[test]
fn nobody_is_woken_up_for_environments_without_customers() {
    let folder = written("other_service_routes").join("alertmanager");
    for (environment, severity, receiver) in [
        ("production", "critical", "platform-page"),
        ("production", "error", "platform-ticket"),
        ("staging", "critical", "platform-chat"),
        ("staging", "error", "platform-chat"),
        ("staging", "warning", "platform-chat"),
        ("staging", "info", "platform-log"),
        ("eu.test", "critical", "platform-chat"),
        ("eu-test", "critical", "platform-page"),
        ("", "critical", "platform-page"),
    ] {
        let (environment, severity) = (
            format!("environment={environment}"),
            format!("severity={severity}"),
        );
        let verified = format!("--verify.receivers={receiver}");
        let arguments = ["config", "routes", "test", "--config.file=alertmanager.yml"];
        let labels = [
            "alertname=ServiceDown",
            "team=platform",
            &environment,
            &severity,
        ];
        passes(
            &folder,
            "amtool",
            &[&arguments[..], &[&verified], &labels].concat(),
        );
    }
}
