//! Users over several real processes, one of which dies: what the rules in `deploy/prometheus` make of their sketches in real Prometheus servers.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use axum::extract::{Path as Inside, State};
use axum::routing::post;
use axum::{Json, Router};
use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::business::Business;
use serde_json::json;

use support::client::Client;
use support::eventually::eventually;
use support::folder::empty_folder;
use support::process::Process;
use support::prometheus::{Prometheus, Server};

const JOB: &str = "ecolaura-api";
const KEY: &str = "a key that all replicas have in common";
const RULES: &str = include_str!("../../deploy/prometheus/active-users.rules.yml");

/// Three standard errors of the estimate: 3 * sqrt((3 ln 2 - 1) / 1024).
const TOLERANCE: f64 = 0.0974;

/// Every window that there are rules for.
const WINDOWS: [&str; 5] = ["10m", "1h", "1d", "7d", "30d"];

#[tokio::test(flavor = "multi_thread")]
async fn each_user_counts_once_whatever_becomes_of_replicas() {
    let folder = empty_folder("e2e_active_users");
    let (one, two) = (Replica::start(KEY).await, Replica::start(KEY).await);
    let dies = Replica::start(KEY).await;
    let targets = folder.join("targets.json");
    are_targets(&targets, &[&one, &two, &dies]);
    // Every second in place of minutes.
    let rules = RULES
        .replace("interval: 1m", "interval: 1s")
        .replace("interval: 2m", "interval: 1s")
        .replace("interval: 15s", "interval: 1s")
        .replace("interval: 30m", "interval: 1s");
    assert_eq!(rules.matches("interval: 1s").count(), 4, "{rules}");
    let mut servers = Vec::new();
    for (server, name) in [(Server::PACKAGED, "2"), (Server::THREE, "3")] {
        let folder = folder.join(name);
        fs::create_dir(&folder).expect("a folder of the server's own");
        let found =
            json!({ "file_sd_configs": [{ "files": [targets], "refresh_interval": "1s" }] });
        servers.push(Prometheus::start_with(server, &folder, JOB, found, &rules, json!({})).await);
    }

    for users in [100, 2_500] {
        one.sees(0..users * 3 / 5).await;
        two.sees(users * 2 / 5..users * 4 / 5).await;
        dies.sees(users * 7 / 10..users).await;
        for prometheus in &servers {
            are_estimated(prometheus, &WINDOWS, users).await;
        }
    }

    // Whom it has seen is known, but to what only looks at the present.
    drop(dies);
    let restarted = Replica::start(KEY).await;
    are_targets(&targets, &[&one, &two, &restarted]);
    for prometheus in &servers {
        are_estimated(prometheus, &["10m"], 2_000).await;
        are_estimated(prometheus, &["1h", "1d", "7d", "30d"], 2_500).await;
    }
    for users in [10_000, 100_000] {
        one.sees(0..users * 3 / 5).await;
        two.sees(users * 2 / 5..users * 4 / 5).await;
        restarted.sees(users * 7 / 10..users).await;
        for prometheus in &servers {
            are_estimated(prometheus, &WINDOWS, users).await;
        }
    }

    // Nobody can tell whether users that were hashed with another key are the same: they are added.
    let other = Replica::start("a key that no other replica has").await;
    are_targets(&targets, &[&one, &two, &restarted, &other]);
    other.sees(0..50_000).await;
    for prometheus in &servers {
        are_estimated(prometheus, &WINDOWS, 150_000).await;
    }
    let scrape = one.client.get(&one.url("/metrics", one.monitoring)).await;
    let scrape = scrape.expect("a scrape");
    assert!(scrape.contains("active_users_sketch{") && !scrape.contains("@example.org"));
}

/// Waits until it is so.
async fn are_estimated(prometheus: &Prometheus, windows: &[&str], users: u32) {
    let is_near = |estimate: f64| (estimate / f64::from(users) - 1.0).abs() <= TOLERANCE;
    for window in windows {
        let estimate = format!("active_users:estimate{{window=\"{window}\"}}");
        eventually(&format!("{users} users within {window}"), async || {
            let found = prometheus.value(&estimate).await?;
            is_near(found).then_some(()).ok_or(found.to_string())
        })
        .await;
    }
    if windows.contains(&"1d") {
        eventually(&format!("{users} daily users"), async || {
            let found = prometheus.value("daily_active_users").await?;
            is_near(found).then_some(()).ok_or(found.to_string())
        })
        .await;
    }
}

/// Tells where the replicas are that run now; Prometheus looks at the file again.
fn are_targets(file: &Path, replicas: &[&Replica]) {
    let targets: Vec<_> = replicas.iter().map(|replica| replica.monitoring).collect();
    let text = json!([{ "targets": targets }]).to_string();
    // In one step, so that it is never read half.
    let new = file.with_extension("new");
    fs::write(&new, text).expect("it can be written");
    fs::rename(&new, file).expect("it can be renamed");
}

/// A service in a process of its own.
struct Replica {
    service: SocketAddr,
    monitoring: SocketAddr,
    client: Client,
    _process: Process,
}

impl Replica {
    async fn start(key: &str) -> Self {
        let own = env::current_exe().expect("a test knows its own path");
        let mut command = Command::new(own);
        command
            .args([
                "--exact",
                "active_users::replica",
                "--ignored",
                "--nocapture",
            ])
            .env("MONITORING_USER_HASH_KEY", key)
            .env("OTEL_TRACES_EXPORTER", "none");
        let mut process = Process::start(&mut command);
        let address = |what: &'static str| {
            move |line: &str| line.strip_prefix(what).and_then(|rest| rest.parse().ok())
        };
        Self {
            service: process.line("its address", address("service ")).await,
            monitoring: process
                .line("its metrics' address", address("monitoring "))
                .await,
            client: Client::new(),
            _process: process,
        }
    }

    fn url(&self, path: &str, of: SocketAddr) -> String {
        format!("http://{of}{path}")
    }

    /// Requests of these users come to it.
    async fn sees(&self, users: Range<u32>) {
        let url = self.url(
            &format!("/seen/{}/{}", users.start, users.end),
            self.service,
        );
        let answer = self.client.send("POST", &url, "").await.expect("an answer");
        assert_eq!(answer, (200, users.len().to_string()));
    }
}

async fn seen(
    State(business): State<Business>,
    Inside((from, to)): Inside<(u32, u32)>,
) -> Json<usize> {
    for user in from..to {
        business.user_seen(format!("user-{user}@example.org"));
    }
    Json((from..to).len())
}

/// A service, not a test: started by the test above, and ended by it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process that the test of this file starts"]
async fn replica() {
    let monitoring = Monitoring::builder(JOB)
        .listen(([127, 0, 0, 1], 0))
        .init()
        .expect("a monitoring");
    let business = monitoring.business().register().expect("recorders");
    let app = Router::new()
        .route("/seen/{from}/{to}", post(seen))
        .with_state(business)
        .layer(monitoring.layer());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    println!("service {}", listener.local_addr().expect("an address"));
    println!(
        "monitoring {}",
        monitoring.listen_addr().expect("a listener")
    );
    monitoring.serve(listener, app).await.expect("it serves");
}
