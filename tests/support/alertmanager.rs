//! A real Alertmanager with the routes in `deploy/`, and receivers that keep what they are told.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::{Path as Named, State};
use axum::routing::post;
use serde_json::Value;

use super::process::{Process, component};

const CONFIG: &str = include_str!("../../deploy/alertmanager/alertmanager.yml");
const TEMPLATES: &str = include_str!("../../deploy/alertmanager/templates/ecolaura.tmpl");

/// What receivers were told: when, the name of each, and the message.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<Vec<(Instant, String, Value)>>>);

impl Told {
    /// The receivers that were told of an alert, and whether it was firing or resolved.
    pub fn of(&self, alert: &str) -> Vec<(String, String)> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for (_, receiver, message) in told.iter() {
            let alerts = message["alerts"].as_array().into_iter().flatten();
            for one in alerts.filter(|one| one["labels"]["alertname"] == alert) {
                let status = one["status"].as_str().unwrap_or_default().to_owned();
                found.push((receiver.clone(), status));
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// When this receiver was told of anything.
    pub fn times(&self, receiver: &str) -> Vec<Instant> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = told.iter().filter(|(_, name, _)| name == receiver);
        of_it.map(|(when, ..)| *when).collect()
    }

    /// A port at which each receiver is told under its own name.
    async fn listen(&self) -> SocketAddr {
        let keep =
            async |State(told): State<Told>, Named(receiver): Named<String>, body: String| {
                let message = serde_json::from_str(&body).expect("Alertmanager sends JSON");
                let mut all = told.0.lock().unwrap_or_else(PoisonError::into_inner);
                all.push((Instant::now(), receiver, message));
            };
        let app = Router::new()
            .route("/{receiver}", post(keep))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    }
}

pub struct Alertmanager {
    pub address: SocketAddr,
    _process: Process,
}

impl Alertmanager {
    /// Starts it with the routes of the kit, its files in `folder`.
    pub async fn start(folder: &Path) -> (Self, Told) {
        Self::start_at(folder, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// The same at this address.
    pub async fn start_at(folder: &Path, address: SocketAddr) -> (Self, Told) {
        let told = Told::default();
        let alertmanager = Self::telling(folder, address, told.listen().await).await;
        (alertmanager, told)
    }

    async fn telling(folder: &Path, address: SocketAddr, receivers: SocketAddr) -> Self {
        let templates = folder.join("templates");
        fs::create_dir_all(&templates).expect("a folder");
        fs::write(templates.join("ecolaura.tmpl"), TEMPLATES).expect("it can be written");
        let file = folder.join("alertmanager.yml");
        fs::write(&file, config(receivers)).expect("it can be written");
        let mut process = Process::start(Command::new(component("alertmanager")).args([
            format!("--config.file={}", file.display()),
            format!("--storage.path={}", folder.join("data").display()),
            format!("--web.listen-address={address}"),
            // No gossip: there is one.
            "--cluster.listen-address=".to_owned(),
        ]));
        let address = process.line("Alertmanager's address", |line| {
            let (_, rest) = line.split_once("Listening on")?;
            let (_, address) = rest.split_once("address=")?;
            address.split_whitespace().next()?.parse().ok()
        });
        Self {
            address: address.await,
            _process: process,
        }
    }
}

/// The routes and inhibitions as they are, but at once and at any hour; each receiver is told at a port of the test.
fn config(receivers: SocketAddr) -> String {
    let (routes, named) = CONFIG
        .split_once("receivers:\n")
        .expect("there are receivers");
    let mut config = String::new();
    for line in routes.lines() {
        let (key, time) = line.split_once(": ").unwrap_or((line, ""));
        let quick = match key.trim_start() {
            "mute_time_intervals" => continue,
            "group_wait" | "group_interval" => "1s",
            // Who is told all the time still is; all others are told once.
            "repeat_interval" if time.ends_with('s') => "500ms",
            "repeat_interval" => "1h",
            _ => {
                config += &format!("{line}\n");
                continue;
            }
        };
        config += &format!("{key}: {quick}\n");
    }
    config.push_str("receivers:\n");
    for receiver in named.split("  - name: ").skip(1) {
        let (name, channels) = receiver.split_once('\n').expect("it has channels");
        config += &format!(
            "  - name: {name}\n    webhook_configs:\n      - url: http://{receivers}/{name}\n        send_resolved: {}\n",
            hears_of_the_end(channels)
        );
    }
    config
}

/// Whether all channels of a receiver say that it is over: as they are told to, or as Alertmanager does by itself.
fn hears_of_the_end(channels: &str) -> bool {
    let mut parts = channels.split("_configs:");
    let mut kind = parts.next().unwrap_or_default();
    parts.all(|channel| {
        let by_itself = kind.ends_with("webhook") || kind.ends_with("pagerduty");
        // The next one follows it.
        kind = channel;
        match channel.split_once("send_resolved: ") {
            Some((_, told)) => told.starts_with("true"),
            None => by_itself,
        }
    })
}
