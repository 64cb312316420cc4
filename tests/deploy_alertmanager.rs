//! The routes in `deploy/alertmanager`, by a real amtool: every tier of every team comes to its receiver.

mod support {
    pub(crate) mod eventually;
    #[allow(dead_code)]
    pub(crate) mod process;
}

use std::path::Path;
use std::process::Command;

use crate::support::process::component;

fn amtool(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(component("amtool"))
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/alertmanager"))
        .output()
        .expect("amtool runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn the_configuration_is_one() {
    let (is_good, said) = amtool(&["check-config", "alertmanager.yml"]);
    assert!(is_good && said.contains("SUCCESS"), "{said}");
    assert!(said.contains("1 templates"), "{said}");
}

#[track_caller]
fn comes_to(labels: &[&str], receiver: &str) {
    let verify = format!("--verify.receivers={receiver}");
    let mut arguments = vec![
        "config",
        "routes",
        "test",
        "--config.file=alertmanager.yml",
        &verify,
    ];
    arguments.extend(labels);
    let (is_good, said) = amtool(&arguments);
    assert!(is_good, "{labels:?}: {said}");
}

#[test]
fn every_tier_of_every_team_has_its_receiver() {
    for (severity, kind) in [
        ("critical", "page"),
        ("error", "ticket"),
        ("warning", "chat"),
        ("info", "log"),
    ] {
        let severity = format!("severity={severity}");
        for (team, receivers) in [
            ("team=shop", "shop"),
            ("team=platform", "platform"),
            ("team=nobody", "platform"),
        ] {
            for alert in ["alertname=HighErrorRate", "alertname=Other"] {
                comes_to(&[alert, &severity, team], &format!("{receivers}-{kind}"));
            }
        }
        comes_to(&["alertname=Other", &severity], &format!("platform-{kind}"));
    }
    comes_to(
        &["alertname=Watchdog", "severity=info", "team=shop"],
        "deadman",
    );
    // What says nothing is told in the chat, not lost.
    comes_to(&["alertname=Other"], "platform-chat");
    comes_to(&["alertname=Other", "team=shop"], "shop-chat");
}

/// What passes can fail.
#[test]
fn a_wrong_receiver_is_found() {
    let arguments = [
        "config",
        "routes",
        "test",
        "--config.file=alertmanager.yml",
        "--verify.receivers=shop-log",
        "severity=critical",
        "team=shop",
    ];
    assert!(!amtool(&arguments).0);
}
