//! The routes in `deploy/alertmanager`, by a real amtool: every tier of every team comes to its receiver.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use support::folder::repository;
use support::process::component;

fn amtool(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(component("amtool"))
        .args(arguments)
        .current_dir(repository().join("deploy/alertmanager"))
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
fn every_tier_has_its_receiver() {
    for (severity, kind) in [
        ("critical", "page"),
        ("error", "ticket"),
        ("warning", "chat"),
        ("info", "log"),
    ] {
        let severity = format!("severity={severity}");
        // The team of the kit receives what other teams send as well.
        for team in ["team=shop", "team=nobody", "environment=production"] {
            for alert in ["alertname=HighErrorRate", "alertname=Other"] {
                comes_to(&[alert, &severity, team], &format!("shop-{kind}"));
            }
        }
    }
    comes_to(
        &["alertname=Watchdog", "severity=info", "team=shop"],
        "deadman",
    );
    // What says nothing is told in the chat, not lost.
    comes_to(&["alertname=Other"], "shop-chat");
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

/// What somebody reads who is woken up: what it is, what to do, and where to look, in plain lines.
#[test]
fn messages_say_what_to_do() {
    let alert = |status: &str, ends: &str| {
        json!({
            "status": status,
            "labels": { "alertname": "ServiceDown", "job": "ecolaura-api", "environment": "eu 1" },
            "annotations": {
                "summary": "No instance can be scraped",
                "description": "All of them are gone.",
                "runbook_url": "https://runbooks.example/ServiceDown.md",
            },
            "startsAt": "2026-11-24T04:00:00Z",
            "endsAt": ends,
        })
    };
    let message = |status: &str, alerts: Vec<Value>| {
        let group =
            json!({ "alertname": "ServiceDown", "job": "ecolaura-api", "environment": "eu 1" });
        let data = json!({
            "receiver": "shop-page", "status": status, "alerts": alerts, "groupLabels": group,
            "commonLabels": { "severity": "critical" }, "commonAnnotations": {}, "externalURL": "",
        });
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("message-{status}.json"));
        std::fs::write(&file, data.to_string()).expect("it can be written");
        let file = format!("--template.data={}", file.display());
        let (is_good, said) = amtool(&[
            "template",
            "render",
            "--template.glob=templates/*.tmpl",
            "--template.text={{ template \"ecolaura.title\" . }}\n{{ template \"ecolaura.text\" . }}",
            &file,
        ]);
        assert!(is_good, "{said}");
        said.trim_end().to_owned()
    };
    let one = "No instance can be scraped\n\
               All of them are gone.\n\
               What to do: https://runbooks.example/ServiceDown.md\n\
               Dashboard: https://grafana.example/d/ecolaura-api-api-performance?var-environment=eu+1\n\
               Traces: https://jaeger.example/search?service=ecolaura-api&lookback=1h\n\
               Since 2026-11-24 04:00 UTC";
    let firing = message("firing", vec![alert("firing", "0001-01-01T00:00:00Z"); 2]);
    let title = "[FIRING CRITICAL] ServiceDown of ecolaura-api in eu 1 (2)";
    assert_eq!(firing, format!("{title}\n{one}\n\n{one}"));
    // What is over stands below what is not, and does not count.
    let over = alert("resolved", "2026-11-24T04:30:00Z");
    let both = message(
        "firing",
        vec![over.clone(), alert("firing", "0001-01-01T00:00:00Z")],
    );
    let title = "[FIRING CRITICAL] ServiceDown of ecolaura-api in eu 1";
    let until = "until 2026-11-24 04:30 UTC";
    assert_eq!(
        both,
        format!("{title}\n{one}\n\nOver, 1 of them:\n\n{one} {until}")
    );
    // Of others, which do not say what they are about.
    let mut bare = alert("firing", "0001-01-01T00:00:00Z");
    bare["annotations"] = json!({});
    bare["labels"]["job"] = json!("another");
    let title = "[FIRING CRITICAL] ServiceDown of ecolaura-api in eu 1";
    assert_eq!(
        message("firing", vec![bare]),
        format!(
            "{title}\nalertname=ServiceDown environment=eu 1 job=another \nSince 2026-11-24 04:00 UTC"
        )
    );
    let resolved = message("resolved", vec![over]);
    let title = "[RESOLVED] ServiceDown of ecolaura-api in eu 1";
    assert_eq!(
        resolved,
        format!("{title}\n{one} until 2026-11-24 04:30 UTC")
    );
}
