//! A real OpenSearch with the kit of `deploy/opensearch`, and documents as shippers send them there.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::opensearch::OpenSearch;

const KIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/opensearch");

/// All streams of the shop in all environments.
pub const ALL: &str = "logs-ecolaura_api.*-*";

/// What the stream of such lines is called.
pub fn stream(dataset: &str, environment: &str) -> String {
    format!("logs-ecolaura_api.{dataset}-{environment}")
}

/// An OpenSearch with the kit, put there in the order that its README says.
pub async fn with_kit(folder: &Path) -> OpenSearch {
    let opensearch = OpenSearch::start(folder).await;
    let readme = fs::read_to_string(format!("{KIT}/README.md")).expect("a README");
    let order = readme.split("for kind in ").nth(1).expect("a loop");
    let order = order.split(';').next().expect("its end").split(' ');
    // The plugin that knows of them is not in what Maven has.
    let order: Vec<&str> = order
        .filter(|kind| !kind.starts_with("_plugins/"))
        .collect();
    assert_eq!(order.len(), 3);
    for kind in order {
        let mut files: Vec<_> = fs::read_dir(format!("{KIT}/{kind}"))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        for file in files {
            let name = file
                .file_stem()
                .and_then(|name| name.to_str())
                .expect("a name");
            let text = fs::read_to_string(&file).expect("a file");
            let answer = opensearch
                .send("PUT", &format!("{kind}/{name}"), &text)
                .await;
            assert_eq!(answer["acknowledged"], true, "{name}: {answer}");
        }
    }
    opensearch
}

/// A line as a shipper hands it over: as it is, beside what the shipper knows.
pub fn shipped(line: &str, dataset: &str) -> Value {
    json!({
        "@timestamp": "2026-11-24T08:00:00.000Z",
        "message": line,
        "event": { "dataset": dataset, "original": line },
        "agent": { "name": "shipper", "version": "8.15.0" },
        "ecs": { "version": "8.0.0" },
        "host": { "name": "shop-1", "os": { "name": "Linux" } },
        "input": { "type": "filestream" },
        "log": { "file": { "path": "/var/log/shop.ndjson" }, "offset": 4711 },
    })
}

/// What became of documents that were all taken.
pub async fn stored(
    opensearch: &OpenSearch,
    stream: &str,
    documents: &[Value],
) -> Vec<(String, Map<String, Value>)> {
    let mut found = Vec::new();
    for (taken, document) in opensearch
        .store(stream, documents)
        .await
        .into_iter()
        .zip(documents)
    {
        let (index, id) = taken.unwrap_or_else(|error| panic!("{error} of {document}"));
        let answer = opensearch
            .send("GET", &format!("{index}/_doc/{id}"), "")
            .await;
        assert!(answer.get("_ignored").is_none(), "{answer}");
        let Value::Object(fields) = answer["_source"].clone() else {
            panic!("{answer}");
        };
        found.push((index, fields));
    }
    found
}
