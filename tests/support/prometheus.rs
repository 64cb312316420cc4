//! A real Prometheus that scrapes one target every second, and what it answers.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::client::Client;
use super::process::{Process, component};

pub(crate) struct Prometheus {
    address: SocketAddr,
    client: Client,
    _process: Process,
}

/// A series of an instant vector: its labels, and its value now.
pub(crate) struct Series {
    labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Series {
    /// The label's value, or nothing, which to Prometheus is the same.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

impl Prometheus {
    /// Starts it with its configuration and data in `folder`: a job called `job` that scrapes `target`, and the rules of `rules`,
    /// a list.
    pub(crate) async fn start(folder: &Path, job: &str, target: SocketAddr, rules: Value) -> Self {
        // YAML holds JSON.
        let file = |name, content: Value| {
            let file = folder.join(name);
            let written = fs::write(&file, content.to_string());
            written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            file.display().to_string()
        };
        let config = json!({
            "global": { "scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s" },
            "rule_files": [file("rules.json", json!({ "groups": [{ "name": job, "rules": rules }] }))],
            "scrape_configs": [{ "job_name": job, "static_configs": [{ "targets": [target] }] }],
        });
        let arguments = [
            format!("--config.file={}", file("prometheus.json", config)),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            "--web.listen-address=127.0.0.1:0".to_owned(),
        ];
        let mut process = Process::start(component("prometheus"), &arguments);
        let address = process.line("Prometheus' address", listening_on).await;
        process.line("Prometheus being ready", is_ready).await;
        Self {
            address,
            client: Client::new(),
            _process: process,
        }
    }

    /// What its API answers to a GET of `path`: the `data` of it.
    pub(crate) async fn api(&self, path: &str) -> Result<Value, String> {
        let url = format!("http://{}/api/v1/{path}", self.address);
        let body = self.client.get(&url).await?;
        let mut answer: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
        Ok(answer["data"].take())
    }

    /// The series that `expression` has now.
    pub(crate) async fn query(&self, expression: &str) -> Result<Vec<Series>, String> {
        let data = self
            .api(&format!("query?query={}", percent_encoded(expression)))
            .await?;
        let result = data["result"].as_array().ok_or("not an instant vector")?;
        result.iter().map(series).collect()
    }

    /// The value of an expression that has one series.
    pub(crate) async fn value(&self, expression: &str) -> Result<f64, String> {
        match self.query(expression).await?.as_slice() {
            [only] => Ok(only.value),
            series => Err(format!("{expression} has {} series", series.len())),
        }
    }
}

/// What `promtool check metrics` finds wrong with a scrape, or nothing.
pub(crate) fn check_metrics(scrape: &str) -> String {
    let mut promtool = Command::new(component("promtool"))
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs");
    let mut stdin = promtool.stdin.take().expect("the input is piped");
    stdin
        .write_all(scrape.as_bytes())
        .expect("promtool reads to the end");
    drop(stdin);
    let output = promtool.wait_with_output().expect("promtool ends");
    let findings = [output.stdout, output.stderr].concat();
    let findings = String::from_utf8_lossy(&findings).into_owned();
    match output.status.success() {
        true => findings,
        false => format!("{}\n{findings}", output.status),
    }
}

fn listening_on(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("\"Listening on\"")?;
    let (_, address) = rest.split_once("address=")?;
    address.split_whitespace().next()?.parse().ok()
}

fn is_ready(line: &str) -> Option<()> {
    line.contains("ready to receive web requests").then_some(())
}

fn series(series: &Value) -> Result<Series, String> {
    let labels = series["metric"].as_object().ok_or("no labels")?;
    let labels = labels.iter().map(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        (name.clone(), value.to_owned())
    });
    let value = series["value"][1].as_str().ok_or("no value")?;
    Ok(Series {
        labels: labels.collect(),
        value: value.parse().map_err(|_| format!("{value} is no number"))?,
    })
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
