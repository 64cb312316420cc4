//! What keeps and shows log lines, from `ops/elastic/`: streams with fixed fields, their pipeline and their end, for Elasticsearch and for OpenSearch, what Logstash
//! sends, and what Kibana shows.
//!
//! The path of a file below `elasticsearch/` or `opensearch/` is the address that it is put to.

mod field;
mod kibana;

pub use field::{FIELDS, Type};

use serde_json::{Value, json};

use crate::error::Error;
use crate::file::File;
use crate::kit::Kit;
use crate::template;

/// Who keeps the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// 8.9 or newer.
    Elasticsearch,
    /// 2.19 or newer.
    OpenSearch,
}

impl Store {
    const ALL: [Self; 2] = [Self::Elasticsearch, Self::OpenSearch];

    /// Where its files are.
    fn folder(self) -> &'static str {
        match self {
            Self::Elasticsearch => "elasticsearch",
            Self::OpenSearch => "opensearch",
        }
    }
}

/// The streams, by what their lines have as `event.dataset`.
pub(crate) const STREAMS: [&str; 4] = ["application", "access", "database", "authentication"];

impl Kit {
    /// What the streams of the service are called before their own name. Data streams are lower-case, and have dashes between their parts alone.
    pub(crate) fn datasets(&self) -> String {
        format!("{}.", plain(&self.job))
    }

    /// What all that is stored for the service's streams is called.
    pub(crate) fn logs(&self) -> String {
        format!("logs-{}", plain(&self.job))
    }

    /// The environment of lines that nobody has sent to one.
    pub(crate) fn log_environment(&self) -> String {
        plain(&self.environments[0].name)
    }
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// The files for those who keep and show log lines.
pub(crate) fn files(kit: &Kit) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    for store in Store::ALL {
        files.extend(store_files(kit, store)?);
    }
    files.push(template::file(
        "logstash/logs.conf",
        include_str!("../../elastic/logstash.conf"),
        kit,
        values(kit, Store::Elasticsearch),
    )?);
    files.push(kibana::file(kit));
    Ok(files)
}

/// The files for a store.
fn store_files(kit: &Kit, store: Store) -> Result<Vec<File>, Error> {
    let (folder, logs) = (store.folder(), kit.logs());
    let values = values(kit, store);
    let json = |kind: &str, name: &str, source| {
        let path = format!("{folder}/{kind}/{logs}{name}.json");
        template::json(&path, source, kit, values.clone())
    };
    let mut files = vec![
        json(
            "_component_template",
            "@settings",
            include_str!("../../elastic/settings.json"),
        )?,
        json(
            "_component_template",
            "@mappings",
            include_str!("../../elastic/mappings.json"),
        )?,
    ];
    for stream in STREAMS {
        let mut values = values.clone();
        values["stream"] = json!(stream);
        files.push(template::json(
            &format!("{folder}/_index_template/{logs}.{stream}.json"),
            include_str!("../../elastic/index-template.json"),
            kit,
            values,
        )?);
    }
    files.push(json(
        "_ingest/pipeline",
        "",
        include_str!("../../elastic/pipeline.json"),
    )?);
    files.push(json(
        "_ingest/pipeline",
        ".postgresql",
        include_str!("../../elastic/pipeline-postgresql.json"),
    )?);
    files.push(match store {
        Store::Elasticsearch => json(
            "_ilm/policy",
            "",
            include_str!("../../elastic/ilm-policy.json"),
        )?,
        Store::OpenSearch => json(
            "_plugins/_ism/policies",
            "",
            include_str!("../../elastic/ism-policy.json"),
        )?,
    });
    files.push(template::file(
        &format!("{folder}/README.md"),
        include_str!("../../elastic/README.md"),
        kit,
        values,
    )?);
    Ok(files)
}

/// What the templates of a store name. What is JSON of itself is put there as it is.
fn values(kit: &Kit, store: Store) -> Value {
    let is_elasticsearch = store == Store::Elasticsearch;
    let labels = match store {
        Store::Elasticsearch => json!({ "type": "flattened", "ignore_above": 8191 }),
        Store::OpenSearch => json!({ "type": "flat_object" }),
    };
    let script = |source: &str| Value::from(source).to_string();
    json!({
        "elasticsearch": is_elasticsearch,
        "logs": kit.logs(),
        "datasets": kit.datasets(),
        "log_environment": kit.log_environment(),
        "streams": STREAMS,
        "types": field::types().to_string(),
        "properties": field::properties(labels).to_string(),
        "painless": {
            "alert": script(include_str!("../../elastic/alert.painless")),
            "unwrap": script(include_str!("../../elastic/unwrap.painless")),
            "ecs": script(include_str!("../../elastic/ecs.painless")),
            "postgresql": script(include_str!("../../elastic/postgresql.painless")),
            "withhold": script(include_str!("../../elastic/withhold.painless")),
        },
    })
}
