//! A real failure of the real shop, from a real Prometheus with the rules in `deploy/`, by a real Alertmanager with the routes there, to whom it
//! concerns and to nobody else, and that it is over as well.

mod support {
    pub(crate) mod alertmanager;
    #[allow(dead_code)]
    pub(crate) mod client;
    pub(crate) mod eventually;
    pub(crate) mod folder;
    #[allow(dead_code)]
    pub(crate) mod process;
    #[allow(dead_code)]
    pub(crate) mod prometheus;
    #[allow(dead_code)]
    pub(crate) mod shop;
}

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::alertmanager::{Alertmanager, Told};
use crate::support::client::Client;
use crate::support::eventually::eventually;
use crate::support::folder::empty_folder;
use crate::support::prometheus::{Prometheus, Server};
use crate::support::shop::Shop;

const CONFIG: &str = include_str!("../deploy/alertmanager/alertmanager.yml");
const TEMPLATES: &str = include_str!("../deploy/alertmanager/templates/ecolaura.tmpl");
const RECORDED: &str = include_str!("../deploy/prometheus/recording.rules.yml");
const ALERTS: &str = include_str!("../deploy/prometheus/alerts.rules.yml");

/// The routes and inhibitions as they are, but at once and at any hour; each receiver is told at a port of the test.
fn config(receivers: SocketAddr) -> String {
    let (routes, named) = CONFIG
        .split_once("receivers:\n")
        .expect("there are receivers");
    let lines = routes
        .lines()
        .filter(|line| !line.contains("mute_time_intervals"));
    let mut config: String = lines
        .map(|line| {
            let waits = ["group_wait:", "group_interval:", "repeat_interval:"];
            let wait = waits
                .iter()
                .find(|wait| line.trim_start().starts_with(**wait));
            match wait {
                None => format!("{line}\n"),
                Some(wait) => {
                    let (indent, _) = line.split_once(wait).expect("it begins so");
                    let time = if *wait == "repeat_interval:" {
                        "1h"
                    } else {
                        "1s"
                    };
                    format!("{indent}{wait} {time}\n")
                }
            }
        })
        .collect();
    config.push_str("receivers:\n");
    for line in named.lines() {
        if let Some(name) = line.strip_prefix("  - name: ") {
            config += &format!(
                "  - name: {name}\n    webhook_configs:\n      - url: http://{receivers}/{name}\n"
            );
        }
    }
    config
}

async fn alertmanager(folder: &Path) -> (Alertmanager, Told) {
    let templates = folder.join("templates");
    fs::create_dir(&templates).expect("a folder");
    fs::write(templates.join("ecolaura.tmpl"), TEMPLATES).expect("it can be written");
    let told = Told::default();
    let config = config(told.listen().await);
    (Alertmanager::start(folder, &config).await, told)
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(receiver, status): &(&str, &str)| ((*receiver).to_owned(), (*status).to_owned());
    expected.iter().map(own).collect()
}

async fn are_told(told: &Told, alert: &str, expected: &[(&str, &str)]) {
    eventually(&format!("{alert} to be told"), async || {
        match told.of(alert) {
            found if found == pairs(expected) => Ok(()),
            found => Err(format!("{found:?}")),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_dies_is_told_to_who_is_on_call() {
    let folder = empty_folder("e2e_alerts");
    let (alertmanager, told) = alertmanager(&folder).await;
    let shop = Shop::open(&folder.join("shop.sqlite")).await;
    let targets = folder.join("targets.json");
    let at =
        |address: SocketAddr| json!([{ "targets": [address], "labels": { "instance": "one" } }]);
    fs::write(&targets, at(shop.monitoring).to_string()).expect("it can be written");
    // As they are, but for how long they wait.
    let (_, alerts) = ALERTS.split_once("groups:\n").expect("there are groups");
    let at_once: String = format!("{RECORDED}{alerts}")
        .lines()
        .map(|line| match line.trim_start().strip_prefix("for: ") {
            Some(_) => "        for: 1s\n".to_owned(),
            None => format!("{line}\n"),
        })
        .collect();
    let found = json!({ "file_sd_configs": [{ "files": [targets], "refresh_interval": "1s" }] });
    let alerting = json!({ "alerting": { "alertmanagers": [{ "static_configs": [{ "targets": [alertmanager.address] }] }] } });
    let prometheus = Prometheus::start_with(
        Server::PACKAGED,
        &folder,
        "ecolaura-api",
        found,
        &at_once,
        alerting,
    )
    .await;

    are_told(&told, "Watchdog", &[("deadman", "firing")]).await;
    eventually("the shop to be up", async || {
        let up = prometheus.value("up{job=\"ecolaura-api\"}").await?;
        (up == 1.0).then_some(()).ok_or(up.to_string())
    })
    .await;
    assert_eq!(told.of("ServiceDown"), []);

    drop(shop);
    are_told(&told, "ServiceDown", &[("shop-page", "firing")]).await;
    // Its weaker twin fires too, and is told to nobody.
    eventually("InstanceDown to be held back", async || {
        let alerts = alerts_of(&alertmanager).await?;
        let held = alerts
            .iter()
            .find(|alert| alert["labels"]["alertname"] == "InstanceDown");
        let by = held.map(|held| held["status"]["inhibitedBy"].as_array().map_or(0, Vec::len));
        (by == Some(1)).then_some(()).ok_or(format!("{alerts:?}"))
    })
    .await;

    let again = Shop::open(&folder.join("shop.sqlite")).await;
    fs::write(&targets, at(again.monitoring).to_string()).expect("it can be written");
    are_told(
        &told,
        "ServiceDown",
        &[("shop-page", "firing"), ("shop-page", "resolved")],
    )
    .await;
    assert_eq!(told.of("InstanceDown"), []);
}

async fn alerts_of(alertmanager: &Alertmanager) -> Result<Vec<Value>, String> {
    let url = format!("http://{}/api/v2/alerts", alertmanager.address);
    let alerts = Client::new().get(&url).await?;
    serde_json::from_str(&alerts).map_err(|error| error.to_string())
}

/// One of each tier to its receiver alone; of two about one thing the one that matters less to nobody.
#[tokio::test(flavor = "multi_thread")]
async fn each_tier_comes_to_its_receiver() {
    let folder = empty_folder("e2e_alerts_tiers");
    let (alertmanager, told) = alertmanager(&folder).await;
    let alert = |name: &str, severity: &str, about: &str, subject: &str| {
        json!({
            "labels": {
                "alertname": name, "job": "ecolaura-api", "team": "shop",
                "severity": severity, "about": about, "subject": subject,
            },
            "annotations": { "summary": "s", "description": "d", "runbook_url": "https://runbooks.example/x.md" },
        })
    };
    let all = json!([
        alert("MostRequestsFail", "critical", "errors", ""),
        alert("HighErrorRate", "error", "errors", ""),
        alert("MemoryNearLimit", "error", "MemoryNearLimit", ""),
        alert("HighRequestLatency", "warning", "HighRequestLatency", ""),
        alert("TwoVersionsRun", "info", "TwoVersionsRun", ""),
        alert(
            "CertificateExpiresNow",
            "critical",
            "certificate",
            "https://a.example"
        ),
        alert(
            "CertificateExpires",
            "warning",
            "certificate",
            "https://b.example"
        ),
    ]);
    let url = format!("http://{}/api/v2/alerts", alertmanager.address);
    let client = Client::new();
    eventually("alerts to be taken", async || {
        match client.send("POST", &url, &all.to_string()).await? {
            (200, _) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    for (name, receiver) in [
        ("MostRequestsFail", "shop-page"),
        ("MemoryNearLimit", "shop-ticket"),
        ("HighRequestLatency", "shop-chat"),
        ("TwoVersionsRun", "shop-log"),
        ("CertificateExpiresNow", "shop-page"),
        ("CertificateExpires", "shop-chat"),
    ] {
        are_told(&told, name, &[(receiver, "firing")]).await;
    }
    assert_eq!(told.of("HighErrorRate"), []);
}
