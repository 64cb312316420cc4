//! What Kibana shows, to be imported: the streams, searches in them, and a dashboard. In the words of Kibana 7.10, which later ones and OpenSearch
//! Dashboards understand.

mod chart;
mod dashboard;
mod search;

use serde_json::{Value, json};

use crate::elastic::{FIELDS, STREAMS};
use crate::file::File;
use crate::kit::Kit;

/// An object that is imported.
struct Object {
    id: String,
    kind: Kind,
    attributes: Value,
    /// What it needs: the name that it has for it, and its kind and id.
    references: Vec<(String, Kind, String)>,
}

#[derive(Clone, Copy)]
enum Kind {
    DataView,
    Search,
    Visualization,
    Dashboard,
}

impl Kind {
    /// What it is called, and since which version it is written as it is here.
    fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::DataView => ("index-pattern", "7.6.0"),
            Self::Search => ("search", "7.9.3"),
            Self::Visualization => ("visualization", "7.10.0"),
            Self::Dashboard => ("dashboard", "7.9.3"),
        }
    }
}

impl Object {
    fn json(self) -> Value {
        let (kind, version) = self.kind.name();
        let references = self
            .references
            .into_iter()
            .map(|(name, kind, id)| json!({ "name": name, "type": kind.name().0, "id": id }));
        json!({
            "id": self.id,
            "type": kind,
            "attributes": self.attributes,
            "references": references.collect::<Vec<_>>(),
            "migrationVersion": { kind: version },
        })
    }
}

/// One object on each line, and at last how many there are.
pub(crate) fn file(kit: &Kit) -> File {
    let mut objects = data_views(kit);
    objects.extend(search::all(kit));
    objects.extend(dashboard::all(kit));
    let count = objects.len();
    let lines = objects.into_iter().map(Object::json);
    let end = json!({ "exportedCount": count, "missingRefCount": 0, "missingReferences": [] });
    let text = lines
        .chain([end])
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    File::new("kibana/logs.ndjson", text)
}

/// All streams together, and each by itself.
fn data_views(kit: &Kit) -> Vec<Object> {
    let all = data_view(kit, kit.logs(), format!("{}.*-*", kit.logs()));
    let each = STREAMS.map(|stream| {
        let name = format!("{}.{stream}", kit.logs());
        data_view(kit, name.clone(), format!("{name}-*"))
    });
    [all].into_iter().chain(each).collect()
}

fn data_view(kit: &Kit, id: String, pattern: String) -> Object {
    Object {
        id,
        kind: Kind::DataView,
        attributes: json!({
            "title": pattern,
            "timeFieldName": "@timestamp",
            "fieldFormatMap": formats(kit).to_string(),
        }),
        references: Vec::new(),
    }
}

/// How fields are shown: a trace leads to Jaeger.
fn formats(kit: &Kit) -> Value {
    let mut formats = json!({
        "trace.id": { "id": "url", "params": {
            "urlTemplate": format!("{}/trace/{{{{value}}}}", kit.traces),
            "labelTemplate": "{{value}}",
        } },
        "event.duration": { "id": "duration", "params": {
            "inputFormat": "nanoseconds",
            "outputFormat": "asMilliseconds",
            "outputPrecision": 1,
        } },
    });
    for (name, _) in FIELDS.iter().filter(|(name, _)| name.ends_with(".bytes")) {
        formats[*name] = json!({ "id": "bytes" });
    }
    formats
}

/// What is searched for: where, and by a query of Lucene.
fn source(data_view: &str, query: &str) -> (Value, (String, Kind, String)) {
    const NAME: &str = "kibanaSavedObjectMeta.searchSourceJSON.index";
    let source = json!({
        "query": { "query": query, "language": "lucene" },
        "filter": [],
        "indexRefName": NAME,
    });
    (
        json!({ "searchSourceJSON": source.to_string() }),
        (NAME.to_owned(), Kind::DataView, data_view.to_owned()),
    )
}
