//! A real failure of the real shop, from a real Prometheus with the rules in `deploy/`, by a real Alertmanager with the routes there, to whom it
//! concerns and to nobody else, and that it is over as well.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use axum::Router;
use axum::handler::Handler;
use axum::routing::get;
use ecolaura_monitoring::Monitoring;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use support::alertmanager::{Alertmanager, Told};
use support::client::Client;
use support::eventually::eventually;
use support::folder::empty_folder;
use support::prometheus::{Prometheus, Server};
use support::shop::Shop;

const RECORDED: &str = include_str!("../../deploy/prometheus/recording.rules.yml");
const ALERTS: &str = include_str!("../../deploy/prometheus/alerts.rules.yml");

/// The rules as they are, but for how long they wait.
fn at_once() -> String {
    let (_, alerts) = ALERTS.split_once("groups:\n").expect("there are groups");
    let lines = [RECORDED, alerts].concat();
    let lines = lines
        .lines()
        .map(|line| match line.trim_start().strip_prefix("for: ") {
            Some(_) => "        for: 1s\n".to_owned(),
            None => format!("{line}\n"),
        });
    lines.collect()
}

/// A Prometheus with the rules of the kit that finds its targets in a file, and tells this Alertmanager.
async fn prometheus(folder: &Path, targets: &Path, alertmanager: &Alertmanager) -> Prometheus {
    let found = json!({ "file_sd_configs": [{ "files": [targets], "refresh_interval": "1s" }] });
    let alerting = json!({ "alerting": { "alertmanagers": [{ "static_configs": [{ "targets": [alertmanager.address] }] }] } });
    Prometheus::start_with(
        Server::PACKAGED,
        folder,
        "ecolaura-api",
        found,
        &at_once(),
        alerting,
    )
    .await
}

/// Where these instances in production are, by their names.
fn at(instances: &[(&str, SocketAddr)]) -> String {
    let one = |(name, address): &(&str, SocketAddr)| json!({ "targets": [address], "labels": { "instance": name, "environment": "production" } });
    Value::Array(instances.iter().map(one).collect()).to_string()
}

/// Until so many instances of the shop are scraped.
async fn are_up(prometheus: &Prometheus, instances: f64) {
    eventually("the shop to be up", async || {
        let up = prometheus.value("sum(up{job=\"ecolaura-api\"})").await?;
        (up == instances).then_some(()).ok_or(up.to_string())
    })
    .await;
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

/// Who was told that it is, and nobody else, is told that it is over.
async fn is_over(told: &Told, alert: &str, receiver: &str) {
    are_told(told, alert, &[(receiver, "firing"), (receiver, "resolved")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_dies_is_told_to_who_is_on_call() {
    let folder = empty_folder("e2e_alerts");
    let (alertmanager, told) = Alertmanager::start(&folder).await;
    let shop = Shop::open(&folder.join("shop.sqlite")).await;
    let targets = folder.join("targets.json");
    fs::write(&targets, at(&[("one", shop.monitoring)])).expect("it can be written");
    let prometheus = prometheus(&folder, &targets, &alertmanager).await;

    are_told(&told, "Watchdog", &[("deadman", "firing")]).await;
    are_up(&prometheus, 1.0).await;
    assert_eq!(told.of("ServiceDown"), []);

    drop(shop);
    are_told(&told, "ServiceDown", &[("shop-page", "firing")]).await;
    // Its weaker twin fires too, and is told to nobody.
    is_held_back(&alertmanager, "InstanceDown").await;

    let again = Shop::open(&folder.join("shop.sqlite")).await;
    fs::write(&targets, at(&[("one", again.monitoring)])).expect("it can be written");
    is_over(&told, "ServiceDown", "shop-page").await;
    assert_eq!(told.of("InstanceDown"), []);
}

/// A service that is looked for in vain; and what nobody is woken up for: an instance that says nothing, one of two that dies, and two versions.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_less_bad_is_told_to_others() {
    let folder = empty_folder("e2e_alerts_less");
    let (alertmanager, told) = Alertmanager::start(&folder).await;
    let shop = Shop::open(&folder.join("shop.sqlite")).await;
    let second = Shop::open(&folder.join("second.sqlite")).await;
    let targets = folder.join("targets.json");
    let are = |instances: &[(&str, SocketAddr)]| {
        fs::write(&targets, at(instances)).expect("it can be written");
    };
    are(&[]);
    let prometheus = prometheus(&folder, &targets, &alertmanager).await;
    are_told(&told, "ServiceUnknown", &[("shop-page", "firing")]).await;
    let one = ("one", shop.monitoring);
    are(&[one, ("two", second.monitoring)]);
    is_over(&told, "ServiceUnknown", "shop-page").await;
    are_up(&prometheus, 2.0).await;

    let mute = answering(async || "something_else 1\n").await;
    are(&[one, ("two", second.monitoring), ("mute", mute)]);
    are_told(&told, "MetricsAbsent", &[("shop-ticket", "firing")]).await;
    are(&[one, ("two", second.monitoring)]);
    is_over(&told, "MetricsAbsent", "shop-ticket").await;

    drop(second);
    are_told(&told, "InstanceDown", &[("shop-chat", "firing")]).await;
    are(&[one]);
    is_over(&told, "InstanceDown", "shop-chat").await;

    are(&[one, ("two", another_version().await)]);
    are_told(&told, "TwoVersionsRun", &[("shop-log", "firing")]).await;
    are(&[one]);
    is_over(&told, "TwoVersionsRun", "shop-log").await;
    assert_eq!(told.of("ServiceDown"), []);
}

/// An instance of the service that runs another version.
async fn another_version() -> SocketAddr {
    let monitoring = Monitoring::builder("ecolaura-api").version("0.0.0-other");
    let monitoring = monitoring.build().expect("it can be");
    answering(async move || monitoring.metrics().render()).await
}

/// Something that answers so to /metrics.
async fn answering<H: Handler<T, ()>, T: 'static>(metrics: H) -> SocketAddr {
    let app = Router::new().route("/metrics", get(metrics));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Until Alertmanager knows of it, and tells nobody because of another one.
async fn is_held_back(alertmanager: &Alertmanager, alert: &str) {
    eventually(&format!("{alert} to be held back"), async || {
        let alerts = alerts_of(alertmanager).await?;
        let held = alerts
            .iter()
            .find(|one| one["labels"]["alertname"] == alert);
        let by = held.map(|held| held["status"]["inhibitedBy"].as_array().map_or(0, Vec::len));
        (by >= Some(1)).then_some(()).ok_or(format!("{alerts:?}"))
    })
    .await;
}

async fn alerts_of(alertmanager: &Alertmanager) -> Result<Vec<Value>, String> {
    let url = format!("http://{}/api/v2/alerts", alertmanager.address);
    let alerts = Client::new().get(&url).await?;
    serde_json::from_str(&alerts).map_err(|error| error.to_string())
}

/// One of each tier to its receiver alone, first that it is and then that it is over; of two about one thing the one that matters less to
/// nobody.
#[tokio::test(flavor = "multi_thread")]
async fn each_tier_comes_to_its_receiver() {
    let folder = empty_folder("e2e_alerts_tiers");
    let (alertmanager, told) = Alertmanager::start(&folder).await;
    let told_alone = [
        ("MostRequestsFail", "critical", "errors", "", "shop-page"),
        ("ServiceNotReady", "critical", "readiness", "", "shop-page"),
        // Of others, which do not say what they are about.
        ("DiskDead", "critical", "", "", "shop-page"),
        ("ClockSkew", "warning", "", "", "shop-chat"),
        ("MemoryNearLimit", "error", "memory", "", "shop-ticket"),
        ("BudgetBurnsFast", "error", "budget", "", "shop-ticket"),
        ("HighRequestLatency", "warning", "latency", "", "shop-chat"),
        ("QueueFills", "warning", "queue", "", "shop-chat"),
        ("TwoVersionsRun", "info", "versions", "", "shop-log"),
        (
            "CertificateExpiresNow",
            "critical",
            "certificate",
            "https://a.example",
            "shop-page",
        ),
        (
            "CertificateExpires",
            "warning",
            "certificate",
            "https://b.example",
            "shop-chat",
        ),
    ];
    // Each about what another one of a higher tier is about.
    let held_back = [
        ("HighErrorRate", "error", "errors", ""),
        // Of the same tier, and sure to follow where no instance is ready: nobody is woken up twice.
        ("JourneyFails", "critical", "journey", ""),
        ("InstanceNotReady", "warning", "readiness", ""),
        ("BudgetBurns", "warning", "budget", ""),
        ("BudgetBurnsSlowly", "info", "budget", ""),
        ("QueueGrows", "info", "queue", ""),
    ];
    let alone =
        told_alone.map(|(name, severity, about, subject, _)| (name, severity, about, subject));
    let mut all = [&alone[..], &held_back].concat();
    post(&alertmanager, &all, json!({})).await;
    for (name, .., receiver) in told_alone {
        are_told(&told, name, &[(receiver, "firing")]).await;
    }
    for (name, ..) in held_back {
        is_held_back(&alertmanager, name).await;
    }
    // What is held back ends first, while there is what holds it.
    all.reverse();
    post(
        &alertmanager,
        &all,
        json!({ "endsAt": "2026-01-01T00:00:00Z" }),
    )
    .await;
    for (name, .., receiver) in told_alone {
        is_over(&told, name, receiver).await;
    }
    for (name, ..) in held_back {
        assert_eq!(told.of(name), [], "{name}");
    }
}

/// That one page cannot be reached, or that instances cannot be scraped, says nothing of what customers do, nor of alerts of others.
#[tokio::test(flavor = "multi_thread")]
async fn what_customers_cannot_do_is_told_in_any_case() {
    let folder = empty_folder("e2e_alerts_customers");
    let (alertmanager, told) = Alertmanager::start(&folder).await;
    let all = [
        ("ServiceDown", "critical", "ServiceDown", "", "shop-page"),
        ("ProbeFails", "critical", "ProbeFails", "", "shop-page"),
        ("JourneyFails", "critical", "JourneyFails", "", "shop-page"),
        ("ProbesAbsent", "error", "ProbesAbsent", "", "shop-ticket"),
        ("DiskFills", "error", "", "", "shop-ticket"),
    ];
    let held = ("HighErrorRate", "error", "errors", "");
    let alerts = all.map(|(name, severity, about, subject, _)| (name, severity, about, subject));
    post(&alertmanager, &[&alerts[..], &[held]].concat(), json!({})).await;
    for (name, .., receiver) in all {
        are_told(&told, name, &[(receiver, "firing")]).await;
    }
    is_held_back(&alertmanager, held.0).await;
}

/// Tells Alertmanager of alerts: their name, tier, what they are about, and of what; all with these times, or from now on.
async fn post(alertmanager: &Alertmanager, alerts: &[(&str, &str, &str, &str)], times: Value) {
    let alerts = alerts.iter().map(|(name, severity, about, subject)| {
        let mut alert = times.clone();
        alert["labels"] = json!({
            "alertname": name, "job": "ecolaura-api", "team": "shop",
            "severity": severity, "about": about, "subject": subject,
        });
        alert["annotations"] = json!({ "summary": "s", "description": "d" });
        alert
    });
    let alerts = Value::Array(alerts.collect()).to_string();
    let url = format!("http://{}/api/v2/alerts", alertmanager.address);
    let client = Client::new();
    eventually("alerts to be taken", async || {
        match client.send("POST", &url, &alerts).await? {
            (200, _) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}
