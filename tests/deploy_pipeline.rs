//! The ingest pipeline for PostgreSQL's log is made from its script, which is kept apart since JSON has no lines.
//!
//! To update it: `UPDATE=1 cargo test --test deploy_pipeline`.

use std::{env, fs};

use serde_json::json;

const PIPELINE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/deploy/elasticsearch/postgresql-pipeline.json"
);
const SCRIPT: &str = include_str!("../deploy/elasticsearch/postgresql-pipeline.painless");

#[test]
fn the_pipeline_is_made_from_its_script() {
    let pipeline = json!({
        "description": "Lines of PostgreSQL's jsonlog as ECS. Made from postgresql-pipeline.painless; `service` is the service whose \
                        database it is. A line that is not of jsonlog is refused, since nobody knows what it holds.",
        "processors": [
            { "set": { "field": "@timestamp", "value": "{{_ingest.timestamp}}" } },
            { "date": {
                "field": "timestamp",
                "formats": ["yyyy-MM-dd HH:mm:ss.SSS zzz"],
                "ignore_failure": true,
            } },
            { "script": { "lang": "painless", "params": { "service": "ecolaura-api" }, "source": SCRIPT } },
        ],
    });
    let pretty = serde_json::to_string_pretty(&pipeline).expect("JSON") + "\n";
    if env::var_os("UPDATE").is_some() {
        fs::write(PIPELINE, &pretty).expect("it can be written");
    }
    let written = fs::read_to_string(PIPELINE).expect("it is there");
    assert_eq!(
        written, pretty,
        "update it: UPDATE=1 cargo test --test deploy_pipeline"
    );
}
