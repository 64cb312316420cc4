//! A real OpenSearch of one node, and what its ingest pipelines make of documents.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::client::Client;
use super::process::{Process, component};

pub(crate) struct OpenSearch {
    address: SocketAddr,
    client: Client,
    _process: Process,
}

impl OpenSearch {
    /// Starts it with its data in a folder inside of `folder`.
    pub(crate) async fn start(folder: &Path) -> Self {
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
    pub(crate) async fn put_pipeline(&self, name: &str, pipeline: &str) {
        let path = format!("_ingest/pipeline/{name}");
        let answer = self.send("PUT", &path, pipeline).await;
        assert_eq!(answer["acknowledged"], true, "{answer}");
    }

    /// What a stored pipeline makes of each of these: a document, or why there is none.
    pub(crate) async fn through(
        &self,
        pipeline: &str,
        documents: &[Value],
    ) -> Vec<Result<Value, String>> {
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

    async fn send(&self, method: &str, path: &str, body: &str) -> Value {
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
