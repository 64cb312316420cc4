//! A real Jaeger with the configuration in `deploy/jaeger`, and the traces that it has.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::client::Client;
use super::ports::free;
use super::process::{Process, component};

const KIT: &str = include_str!("../../deploy/jaeger/jaeger.yml");

pub struct Jaeger {
    places: Places,
    client: Client,
    _process: Process,
}

/// Where a Jaeger answers.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// Where it is sent spans, by OTLP over HTTP.
    pub otlp: SocketAddr,
    /// The same, by gRPC.
    pub grpc: SocketAddr,
    /// Where it is asked for them.
    query: SocketAddr,
}

impl Places {
    /// Some that nobody else has.
    pub fn free() -> Self {
        Self {
            otlp: free(),
            grpc: free(),
            query: free(),
        }
    }
}

/// What Jaeger has of a trace.
pub struct Trace {
    pub spans: Vec<Span>,
    /// The names of the services that it went through, one for each process.
    pub services: Vec<String>,
    /// All that Jaeger says of it.
    pub answer: String,
}

#[derive(Clone, Debug)]
pub struct Span {
    pub trace: String,
    pub id: String,
    pub name: String,
    /// Of the span that it is below, the trace and the id.
    pub parent: Option<(String, String)>,
    /// In millionths of a second.
    pub duration: u64,
    tags: Value,
    /// What happened during it: the fields of each.
    logs: Vec<Value>,
}

impl Jaeger {
    /// Starts it with its configuration in `folder`.
    pub async fn start(folder: &Path, places: Places) -> Self {
        let file = folder.join("jaeger.yml");
        let written = fs::write(&file, configuration(folder, places));
        written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut command = Command::new(component("jaeger"));
        command.arg("--config").arg(&file);
        let mut process = Process::start(&mut command);
        process.line("Jaeger being ready", is_ready).await;
        Self {
            places,
            client: Client::new(),
            _process: process,
        }
    }

    /// The trace with this id, once something is known of it.
    pub async fn trace(&self, id: &str) -> Result<Option<Trace>, String> {
        let url = format!("http://{}/api/traces/{id}", self.places.query);
        let (status, answer) = self.client.send("GET", &url, "").await?;
        match status {
            200 => trace(answer).map(Some),
            404 => Ok(None),
            _ => Err(format!("{url}: {status}: {answer}")),
        }
    }

    /// The trace with this id, which has so many spans.
    pub async fn whole_trace(&self, id: &str, spans: usize) -> Result<Trace, String> {
        match self.trace(id).await? {
            // More where a pool opened a connection meanwhile, which is a query of its own.
            Some(trace) if trace.spans.len() >= spans => Ok(trace),
            Some(trace) => Err(format!("{:#?}", trace.spans)),
            None => Err(format!("the trace {id} is not there")),
        }
    }
}

impl Trace {
    /// The span with this name, if there is one and no other.
    pub fn span(&self, name: &str) -> &Span {
        let mut named = self.spans.iter().filter(|span| span.name == name);
        match (named.next(), named.next()) {
            (Some(span), None) => span,
            _ => panic!("not one span {name}: {:#?}", self.spans),
        }
    }
}

impl Span {
    /// The value of a tag as text, or nothing.
    pub fn tag(&self, name: &str) -> String {
        value(&self.tags, name)
    }

    /// The value that a field has, or nothing, in each of the logs.
    pub fn logged(&self, field: &str) -> Vec<String> {
        let values = self.logs.iter().map(|fields| value(fields, field));
        values.collect()
    }
}

/// What the kit has, at ports and in a folder of the test's own.
fn configuration(folder: &Path, places: Places) -> String {
    let nowhere = "127.0.0.1:0".to_owned();
    let mut text = KIT.to_owned();
    for (kit, own) in [
        ("0.0.0.0:4318", places.otlp.to_string()),
        ("0.0.0.0:4317", places.grpc.to_string()),
        ("0.0.0.0:16686", places.query.to_string()),
        ("0.0.0.0:16685", nowhere.clone()),
        ("0.0.0.0:13133", nowhere),
        (
            "/var/lib/jaeger",
            folder.join("jaeger").display().to_string(),
        ),
    ] {
        assert!(text.contains(kit), "{kit}");
        text = text.replace(kit, &own);
    }
    text
}

fn is_ready(line: &str) -> Option<()> {
    line.contains("Everything is ready").then_some(())
}

// Source of what follows: the JSON that Jaeger's user interface reads.

fn trace(answer: String) -> Result<Trace, String> {
    let json: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
    let [trace] = list(&json["data"]) else {
        return Err(format!("not one trace: {answer}"));
    };
    let services = trace["processes"].as_object();
    let services = services
        .into_iter()
        .flat_map(|processes| processes.values());
    Ok(Trace {
        spans: list(&trace["spans"]).iter().map(span).collect(),
        services: services.map(|one| text(&one["serviceName"])).collect(),
        answer,
    })
}

fn span(span: &Value) -> Span {
    let references = list(&span["references"]).iter();
    let mut parents = references.filter(|reference| reference["refType"] == "CHILD_OF");
    let logs = list(&span["logs"]).iter();
    Span {
        trace: text(&span["traceID"]),
        id: text(&span["spanID"]),
        name: text(&span["operationName"]),
        parent: parents
            .next()
            .map(|parent| (text(&parent["traceID"]), text(&parent["spanID"]))),
        duration: span["duration"].as_u64().unwrap_or_default(),
        tags: span["tags"].clone(),
        logs: logs.map(|log| log["fields"].clone()).collect(),
    }
}

fn value(pairs: &Value, name: &str) -> String {
    let pair = list(pairs).iter().find(|pair| pair["key"] == name);
    pair.map_or_else(String::new, |pair| text(&pair["value"]))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
