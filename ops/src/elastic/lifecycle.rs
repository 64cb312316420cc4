//! How long lines are kept: the same for both stores, each in its own words.

use serde_json::{Value, json};

use crate::elastic::Store;
use crate::file::File;
use crate::kit::Kit;

/// When an index is full.
const SIZE: &str = "25gb";
/// When it is old enough for a new one to follow.
const AGE: &str = "7d";
/// How long it is kept after that.
const KEPT: &str = "30d";

pub(crate) fn file(kit: &Kit, store: Store) -> File {
    let name = kit.logs();
    match store {
        Store::Elasticsearch => File::json(
            format!("elasticsearch/_ilm/policy/{name}.json"),
            &index_lifecycle(),
        ),
        Store::OpenSearch => File::json(
            format!("opensearch/_plugins/_ism/policies/{name}.json"),
            &index_state(kit),
        ),
    }
}

fn index_lifecycle() -> Value {
    json!({ "policy": { "phases": {
        "hot": {
            "min_age": "0ms",
            "actions": { "rollover": { "max_age": AGE, "max_primary_shard_size": SIZE } },
        },
        "delete": { "min_age": KEPT, "actions": { "delete": {} } },
    } } })
}

fn index_state(kit: &Kit) -> Value {
    json!({ "policy": {
        "description": format!("Log lines of {}: a new index each {AGE} or {SIZE}, kept for {KEPT}", kit.job),
        "default_state": "hot",
        "states": [
            {
                "name": "hot",
                "actions": [{ "rollover": { "min_index_age": AGE, "min_primary_shard_size": SIZE } }],
                "transitions": [{ "state_name": "delete", "conditions": { "min_rollover_age": KEPT } }],
            },
            { "name": "delete", "actions": [{ "delete": {} }], "transitions": [] },
        ],
        "ism_template": [{ "index_patterns": [format!("{}.*", kit.logs())], "priority": 100 }],
    } })
}
