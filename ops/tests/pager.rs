//! What a pager shows, which has room for one line: how bad it is, and where, as far as all alerts of the group share it.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use ecolaura_monitoring_ops::Kit;
use serde_json::{Value, json};

use support::component::component;

/// What amtool says when it is called so in the kit's folder for Alertmanager.
fn amtool(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(component("amtool"));
    let command = command.args(arguments).current_dir(folder);
    let output = command.output().expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// What the pager shows of a group that has these labels in common.
fn page(folder: &Path, labels: &Value) -> String {
    let alert = json!({
        "status": "firing", "labels": labels, "annotations": {},
        "startsAt": "2026-11-24T04:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
    });
    let group = json!({ "alertname": "A", "job": "shop", "environment": "production" });
    let data = json!({
        "receiver": "shop-page", "status": "firing", "alerts": [alert], "groupLabels": group,
        "commonLabels": labels, "commonAnnotations": {}, "externalURL": "",
    });
    fs::write(folder.join("data.json"), data.to_string()).expect("it can be written");
    let config = fs::read_to_string(folder.join("alertmanager.yml")).expect("it is there");
    let (_, pager) = config.split_once("pagerduty_configs:").expect("a pager");
    let text = |name: &str| {
        let line = pager
            .lines()
            .find_map(|line| line.trim().strip_prefix(name));
        line.expect("it is there").trim_matches('\'').to_owned()
    };
    let text = format!("{} {}", text("severity: "), text("description: "));
    let said = amtool(
        folder,
        &[
            "template",
            "render",
            "--template.glob=templates/*.tmpl",
            "--template.data=data.json",
            &format!("--template.text={text}"),
        ],
    );
    said.trim_end().to_owned()
}

#[test]
fn a_pager_shows_where() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("alertmanager_page");
    // It is not there on the first run.
    let _ = fs::remove_dir_all(&folder);
    Kit::new("shop").write(&folder).expect("a kit");
    let folder = folder.join("alertmanager");
    amtool(&folder, &["check-config", "alertmanager.yml"]);
    for (more, shown) in [
        (json!({}), ""),
        (json!({ "instance": "a:9464" }), ": a:9464"),
        (
            json!({ "journey": "buy", "step": "order" }),
            ": buy, step order",
        ),
        (
            json!({ "journey": "buy", "step": "order", "instance": "https://shop.example" }),
            ": buy, step order: https://shop.example",
        ),
    ] {
        let mut labels = json!({ "severity": "critical" });
        let all = labels.as_object_mut().expect("an object");
        all.extend(more.as_object().expect("an object").clone());
        let expected = format!("critical [FIRING CRITICAL] A of shop in production{shown}");
        assert_eq!(page(&folder, &labels), expected);
    }
}
