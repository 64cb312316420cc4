//! What a stream is made from: settings and fields that all have in common, and a template for each.

use serde_json::{Value, json};

use crate::elastic::field::properties;
use crate::elastic::{STREAMS, Store};
use crate::file::File;
use crate::kit::Kit;

/// Above the templates for `logs-*-*` that Elasticsearch brings along, which have 100.
const PRIORITY: u32 = 500;

/// How many fields an index may have: those that there are, their outer ones, and some of the store's own.
const MOST_FIELDS: u32 = 200;

pub(crate) fn files(kit: &Kit, store: Store) -> Vec<File> {
    let (folder, logs) = (store.folder(), kit.logs());
    let path = |kind: &str, name: &str| format!("{folder}/{kind}/{name}.json");
    let mut files = vec![
        File::json(
            path("_component_template", &format!("{logs}@settings")),
            &settings(kit, store),
        ),
        File::json(
            path("_component_template", &format!("{logs}@mappings")),
            &mappings(store),
        ),
    ];
    for stream in STREAMS {
        files.push(File::json(
            path("_index_template", &format!("{logs}.{stream}")),
            &template(kit, stream),
        ));
    }
    files
}

fn settings(kit: &Kit, store: Store) -> Value {
    let mut index = json!({
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        "codec": "best_compression",
        "default_pipeline": kit.logs(),
        "mapping": {
            "total_fields": { "limit": MOST_FIELDS },
            // What is no number or address is kept and shown, and not found; `_ignored` says so.
            "ignore_malformed": true,
        },
        "query": { "default_field": ["message", "error.message"] },
    });
    if store == Store::Elasticsearch {
        index["lifecycle"] = json!({ "name": kit.logs() });
    }
    json!({ "template": { "settings": { "index": index } } })
}

fn mappings(store: Store) -> Value {
    let labels = match store {
        Store::Elasticsearch => json!({ "type": "flattened", "ignore_above": 8191 }),
        Store::OpenSearch => json!({ "type": "flat_object" }),
    };
    json!({ "template": { "mappings": {
        // What has come past the pipeline is kept and shown, and makes no field.
        "dynamic": false,
        "date_detection": false,
        "properties": properties(labels),
    } } })
}

fn template(kit: &Kit, stream: &str) -> Value {
    let (logs, dataset) = (kit.logs(), format!("{}{stream}", kit.datasets()));
    json!({
        "index_patterns": [format!("{logs}.{stream}-*")],
        "data_stream": {},
        "priority": PRIORITY,
        "composed_of": [format!("{logs}@settings"), format!("{logs}@mappings")],
        "template": { "mappings": { "properties": { "data_stream": { "properties": {
            "dataset": { "type": "constant_keyword", "value": dataset },
        } } } } },
        "_meta": { "description": format!("Log lines of {}: {stream}", kit.job) },
    })
}
