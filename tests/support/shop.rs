//! The example shop as a process of its own, with its data in a file and without traffic of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::client::Client;
use super::process::{Process, program};

pub struct Shop {
    client: Client,
    pub address: SocketAddr,
    pub monitoring: SocketAddr,
    process: Process,
}

impl Shop {
    /// One that sends its spans nowhere.
    pub async fn open(database: &Path) -> Self {
        Self::open_with(database, &[("OTEL_TRACES_EXPORTER", "none")]).await
    }

    /// One with this in its environment.
    pub async fn open_with(database: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start(&["--no-traffic"], database, variables).await
    }

    /// One with traffic of its own: so many requests a second.
    pub async fn busy(rate: &str, database: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start(&["--requests-per-second", rate], database, variables).await
    }

    async fn start(traffic: &[&str], database: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program("shop"));
        command.args(traffic).args(["--listen", "127.0.0.1:0"]);
        command.args(["--monitoring", "127.0.0.1:0", "--database"]);
        command.arg(database).envs(variables.iter().copied());
        let mut process = Process::start(&mut command);
        let address = process.line("the shop's address", |line| url_of("products", line));
        let address = address.await;
        let monitoring = process.line("its monitoring's address", |line| url_of("metrics", line));
        Self {
            client: Client::new(),
            address,
            monitoring: monitoring.await,
            process,
        }
    }

    /// Sends one request and reads the answer to its end.
    pub async fn send(&self, method: &str, path: &str, body: &str) -> u16 {
        self.send_with(method, path, &[], body).await
    }

    /// The same with these headers.
    pub async fn send_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> u16 {
        let url = format!("http://{}{path}", self.address);
        match self.client.send_with(method, &url, headers, body).await {
            Ok((status, _body)) => status,
            Err(error) => panic!("the shop did not answer: {error}"),
        }
    }

    /// The lines of its log so far.
    pub fn log(&self) -> Vec<String> {
        let mut lines = self.process.output();
        lines.retain(|line| line.starts_with('{'));
        lines
    }

    /// A whole scrape.
    pub async fn metrics(&self) -> String {
        let url = format!("http://{}/metrics", self.monitoring);
        self.client.get(&url).await.expect("a scrape succeeds")
    }
}

/// The address in a line such as `  metrics   http://127.0.0.1:9464/metrics`.
fn url_of(what: &str, line: &str) -> Option<SocketAddr> {
    let url = line.trim().strip_prefix(what)?.trim();
    let (address, _path) = url.strip_prefix("http://")?.split_once('/')?;
    address.parse().ok()
}
