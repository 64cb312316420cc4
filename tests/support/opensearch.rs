//! A real OpenSearch of one node: what its ingest pipelines make of documents, and what is found in it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::client::Client;
use super::process::{Process, component};

pub struct OpenSearch {
    address: SocketAddr,
    client: Client,
    _process: Process,
}

impl OpenSearch {
    /// Starts it with its data in a folder inside of `folder`.
    pub async fn start(folder: &Path) -> Self {
        let mut command = Command::new(component("opensearch"));
        let mut process = Process::start(command.arg(folder.join("opensearch")));
        let address = process.line("OpenSearch's address", listening_on).await;
        Self {
            address,
            client: Client::new(),
            _process: process,
        }
    }

    /// Stores a pipeline under this name.
    pub async fn put_pipeline(&self, name: &str, pipeline: &str) {
        let path = format!("_ingest/pipeline/{name}");
        let answer = self.send("PUT", &path, pipeline).await;
        assert_eq!(answer["acknowledged"], true, "{answer}");
    }

    /// What a stored pipeline makes of each of these: a document, or why there is none.
    pub async fn through(&self, pipeline: &str, documents: &[Value]) -> Vec<Result<Value, String>> {
        let documents = documents.iter().map(|one| json!({ "_source": one }));
        let body = json!({ "docs": documents.collect::<Vec<_>>() });
        let path = format!("_ingest/pipeline/{pipeline}/_simulate");
        let answer = self.send("POST", &path, &body.to_string()).await;
        let results = answer["docs"].as_array();
        let results = results.unwrap_or_else(|| panic!("{answer}")).iter();
        let results = results.map(|result| match &result["doc"]["_source"] {
            Value::Null => Err(result["error"].to_string()),
            document => Ok(document.clone()),
        });
        results.collect()
    }

    /// Stores these documents in a data stream, and makes them be found. Which index and id each of them has got, or why it was refused.
    pub async fn store(
        &self,
        stream: &str,
        documents: &[Value],
    ) -> Vec<Result<(String, String), String>> {
        let lines = documents
            .iter()
            .map(|one| format!("{{\"create\":{{}}}}\n{one}\n"));
        let body: String = lines.collect();
        let path = format!("{stream}/_bulk?refresh=true");
        let answer = self.send("POST", &path, &body).await;
        let items = answer["items"]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"));
        let items = items.iter().map(|item| {
            let text = |name: &str| item["create"][name].as_str().unwrap_or_default().to_owned();
            match item["create"]["error"].is_null() {
                true => Ok((text("_index"), text("_id"))),
                false => Err(item["create"]["error"].to_string()),
            }
        });
        items.collect()
    }

    /// What it answers to this, with status 200.
    pub async fn send(&self, method: &str, path: &str, body: &str) -> Value {
        let url = format!("http://{}/{path}", self.address);
        let answer = self.client.send(method, &url, body).await;
        let (status, answer) = answer.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(status, 200, "{url}: {answer}");
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{url}: {error}: {answer}"))
    }
}

fn listening_on(line: &str) -> Option<SocketAddr> {
    line.strip_prefix("listening on ")?.parse().ok()
}
