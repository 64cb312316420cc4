//! Real Prometheus servers that scrape one target every second, and what they answer.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::client::Client;
use super::process::{Process, component};

/// Which Prometheus to start, and how. Each of them stores exemplars.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    program: &'static str,
    format: Format,
    features: &'static [&'static str],
}

impl Server {
    /// The one that the distribution has, which may be years old.
    pub const PACKAGED: Self = Self::new("prometheus");
    /// Prometheus 3.
    pub const THREE: Self = Self::new("prometheus-3");

    const fn new(program: &'static str) -> Self {
        Self {
            program,
            format: Format::OpenMetrics,
            features: &[],
        }
    }

    pub const fn asking_for(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// With these of its `--enable-feature`, of which it ignores the ones that it does not know.
    pub const fn with(self, features: &'static [&'static str]) -> Self {
        Self { features, ..self }
    }
}

/// What a Prometheus asks its target for first. After it come those above it, so each takes plain text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    /// Needs Prometheus 3: an older one cannot be told so.
    Text,
    /// Which it does unless it is told otherwise.
    OpenMetrics,
    /// And keeps native histograms: Prometheus 3 beside the classic ones, an older one in their place.
    Protobuf,
}

impl Format {
    /// In the order that Prometheus itself has.
    const fn protocols(self) -> &'static [&'static str] {
        match self {
            Self::Text => &["PrometheusText1.0.0", "PrometheusText0.0.4"],
            Self::OpenMetrics => &[
                "OpenMetricsText1.0.0",
                "OpenMetricsText0.0.1",
                "PrometheusText1.0.0",
                "PrometheusText0.0.4",
            ],
            Self::Protobuf => &[
                "PrometheusProto",
                "OpenMetricsText1.0.0",
                "OpenMetricsText0.0.1",
                "PrometheusText1.0.0",
                "PrometheusText0.0.4",
            ],
        }
    }
}

pub struct Prometheus {
    pub address: SocketAddr,
    client: Client,
    _process: Process,
}

type Labels = BTreeMap<String, String>;

/// A series of an instant vector: its labels, and its value now, of a native histogram how many it has seen.
pub struct Series {
    labels: Labels,
    pub value: f64,
}

/// An exemplar, and the labels of the series that it belongs to.
#[derive(Debug)]
pub struct Exemplar {
    pub series: Labels,
    pub labels: Labels,
    pub value: f64,
    /// In seconds since 1970.
    pub timestamp: f64,
}

/// How the last scrape of the target went.
#[derive(Debug)]
pub struct Target {
    /// `up`, `down`, or `unknown` before the first scrape.
    pub health: String,
    /// Why it is down, or nothing.
    pub last_error: String,
}

impl Series {
    /// The label's value, or nothing, which to Prometheus is the same.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

impl Prometheus {
    /// Starts it with its configuration and data in `folder`: a job called `job` that scrapes `target`, and the rules of `rules`,
    /// a list.
    pub async fn start(
        server: Server,
        folder: &Path,
        job: &str,
        target: SocketAddr,
        rules: Value,
    ) -> Self {
        let rules = json!({ "groups": [{ "name": job, "rules": rules }] });
        let targets = json!([{ "targets": [target] }]);
        let found = json!({ "static_configs": targets });
        Self::start_with(server, folder, job, found, &rules.to_string(), json!({})).await
    }

    /// The same with where the job finds its targets, as `scrape_configs` has it, the text of a file of rules, and what else is in the
    /// configuration.
    pub async fn start_with(
        server: Server,
        folder: &Path,
        job: &str,
        targets: Value,
        rules: &str,
        more: Value,
    ) -> Self {
        let program = component(server.program);
        let mut features = [&["exemplar-storage"], server.features].concat();
        let mut global = json!({
            "scrape_interval": "1s",
            "scrape_timeout": "1s",
            "evaluation_interval": "1s",
        });
        match (version(&program).contains(" version 2."), server.format) {
            (false, format) => {
                global["scrape_protocols"] = json!(format.protocols());
                global["scrape_native_histograms"] = json!(format == Format::Protobuf);
                global["always_scrape_classic_histograms"] = json!(true);
            }
            (true, Format::Protobuf) => features.push("native-histograms"),
            (true, Format::OpenMetrics) => {}
            (true, Format::Text) => panic!("{} always asks for OpenMetrics", program.display()),
        }
        // YAML holds JSON.
        let file = |name, content: &str| {
            let file = folder.join(name);
            let written = fs::write(&file, content);
            written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            file.display().to_string()
        };
        let mut scrape = targets;
        scrape["job_name"] = json!(job);
        let mut config = json!({
            "global": global,
            "rule_files": [file("rules.yml", rules)],
            "scrape_configs": [scrape],
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            config[key] = value.clone();
        }
        let config = file("prometheus.json", &config.to_string());
        Self::run(program, &config, folder, &features, "127.0.0.1:0").await
    }

    /// Starts the newest at this address with a configuration as it is, and its data in `folder`.
    pub async fn start_from(config: &Path, folder: &Path, address: SocketAddr) -> Self {
        let program = component(Server::THREE.program);
        let config = config.display().to_string();
        let features = ["exemplar-storage"];
        Self::run(program, &config, folder, &features, &address.to_string()).await
    }

    async fn run(
        program: PathBuf,
        config: &str,
        folder: &Path,
        features: &[&str],
        address: &str,
    ) -> Self {
        let arguments = [
            format!("--config.file={config}"),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--enable-feature={}", features.join(",")),
            format!("--web.listen-address={address}"),
            // What fires before Alertmanager is found is told again soon, not after a minute.
            "--rules.alert.resend-delay=1s".to_owned(),
            // Prometheus 3 scrapes at once, and not after five seconds.
            "--scrape.discovery-reload-interval=100ms".to_owned(),
        ];
        let mut process = Process::start(Command::new(program).args(arguments));
        let address = process.line("Prometheus' address", listening_on).await;
        process.line("Prometheus being ready", is_ready).await;
        Self {
            address,
            client: Client::new(),
            _process: process,
        }
    }

    /// What its API answers to a GET of `path`: the `data` of it.
    pub async fn api(&self, path: &str) -> Result<Value, String> {
        let url = format!("http://{}/api/v1/{path}", self.address);
        let body = self.client.get(&url).await?;
        let mut answer: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
        Ok(answer["data"].take())
    }

    /// What it says of itself.
    pub async fn metrics(&self) -> Result<String, String> {
        let url = format!("http://{}/metrics", self.address);
        self.client.get(&url).await
    }

    /// The target, once it is known.
    pub async fn target(&self) -> Result<Target, String> {
        let targets = self.api("targets?state=active").await?;
        let target = &targets["activeTargets"][0];
        let text = |name: &str| target[name].as_str().ok_or("no target").map(str::to_owned);
        Ok(Target {
            health: text("health")?,
            last_error: text("lastError")?,
        })
    }

    /// The series that `expression` has now.
    pub async fn query(&self, expression: &str) -> Result<Vec<Series>, String> {
        let data = self
            .api(&format!("query?query={}", percent_encoded(expression)))
            .await?;
        let result = data["result"].as_array().ok_or("not an instant vector")?;
        result.iter().map(series).collect()
    }

    /// The value of an expression that has one series.
    pub async fn value(&self, expression: &str) -> Result<f64, String> {
        match self.query(expression).await?.as_slice() {
            [only] => Ok(only.value),
            series => Err(format!("{expression} has {} series", series.len())),
        }
    }

    /// The exemplars of the series in `expression` from `start` to `end`.
    pub async fn query_exemplars(
        &self,
        expression: &str,
        start: SystemTime,
        end: SystemTime,
    ) -> Result<Vec<Exemplar>, String> {
        let expression = percent_encoded(expression);
        let [start, end] = [start, end].map(seconds);
        let data = self
            .api(&format!(
                "query_exemplars?query={expression}&start={start}&end={end}"
            ))
            .await?;
        let series = data.as_array().ok_or("not a list of series")?;
        let exemplars = series.iter().flat_map(exemplars_of);
        exemplars.collect()
    }
}

/// What `promtool check metrics` finds wrong with a scrape, or nothing.
pub fn check_metrics(scrape: &str) -> String {
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
    let value = match &series["histogram"] {
        Value::Null => &series["value"][1],
        native => &native[1]["count"],
    };
    Ok(Series {
        labels: labels(&series["metric"])?,
        value: number(value)?,
    })
}

fn exemplars_of(series: &Value) -> impl Iterator<Item = Result<Exemplar, String>> {
    let exemplars = series["exemplars"].as_array().into_iter().flatten();
    exemplars.map(|exemplar| {
        Ok(Exemplar {
            series: labels(&series["seriesLabels"])?,
            labels: labels(&exemplar["labels"])?,
            value: number(&exemplar["value"])?,
            timestamp: exemplar["timestamp"].as_f64().ok_or("no timestamp")?,
        })
    })
}

fn labels(labels: &Value) -> Result<Labels, String> {
    let labels = labels.as_object().ok_or("no labels")?.iter();
    let labels = labels.map(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        (name.clone(), value.to_owned())
    });
    Ok(labels.collect())
}

/// Prometheus writes values as text, since JSON has no infinity.
fn number(value: &Value) -> Result<f64, String> {
    let value = value.as_str().ok_or("no value")?;
    let number = value.parse();
    number.map_err(|_| format!("{value} is no number"))
}

fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.expect("a time after 1970").as_secs_f64()
}

/// What a program says about itself.
fn version(program: &Path) -> String {
    let output = Command::new(program).arg("--version").output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
