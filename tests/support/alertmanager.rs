//! A real Alertmanager, and receivers that keep what they are told.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path as Named, State};
use axum::routing::post;
use serde_json::Value;

use super::process::{Process, component};

/// What receivers were told: the name of each, and the message.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<(String, Value)>>>);

impl Told {
    /// The receivers that were told of an alert, and whether it was firing or resolved.
    pub(crate) fn of(&self, alert: &str) -> Vec<(String, String)> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for (receiver, message) in told.iter() {
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

    /// A port at which each receiver is told under its own name.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let keep =
            async |State(told): State<Told>, Named(receiver): Named<String>, body: String| {
                let message = serde_json::from_str(&body).expect("Alertmanager sends JSON");
                let mut all = told.0.lock().unwrap_or_else(PoisonError::into_inner);
                all.push((receiver, message));
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

pub(crate) struct Alertmanager {
    pub(crate) address: SocketAddr,
    _process: Process,
}

impl Alertmanager {
    /// Starts it with this configuration, its files in `folder`.
    pub(crate) async fn start(folder: &Path, config: &str) -> Self {
        let file = folder.join("alertmanager.yml");
        fs::write(&file, config).expect("it can be written");
        let mut process = Process::start(Command::new(component("alertmanager")).args([
            format!("--config.file={}", file.display()),
            format!("--storage.path={}", folder.join("data").display()),
            "--web.listen-address=127.0.0.1:0".to_owned(),
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
