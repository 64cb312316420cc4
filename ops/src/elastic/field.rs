//! The fields of a line: what an index has, and what the pipeline lets through. All else are texts in `labels`.

use serde_json::{Map, Value, json};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A word, which can be counted.
    Keyword,
    /// A word that may be long, and is searched for by its parts.
    Wildcard,
    /// Words of somebody.
    Text,
    /// A whole number.
    Long,
    /// An address of a host.
    Ip,
}

impl Type {
    /// What the schema calls it, and a mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Wildcard => "wildcard",
            Self::Text => "match_only_text",
            Self::Long => "long",
            Self::Ip => "ip",
        }
    }

    fn mapping(self) -> Value {
        match self {
            // What is longer is kept and shown, and not found.
            Self::Keyword => json!({ "type": self.name(), "ignore_above": 1024 }),
            _ => json!({ "type": self.name() }),
        }
    }
}

/// The fields, but for `@timestamp`, `labels` and `data_stream`. Their types are those of ECS.
pub const FIELDS: [(&str, Type); 49] = [
    ("message", Type::Text),
    ("tags", Type::Keyword),
    ("log.level", Type::Keyword),
    ("log.logger", Type::Keyword),
    ("log.file.path", Type::Keyword),
    ("log.origin.file.name", Type::Keyword),
    ("log.origin.file.line", Type::Long),
    ("ecs.version", Type::Keyword),
    ("service.name", Type::Keyword),
    ("service.version", Type::Keyword),
    ("service.environment", Type::Keyword),
    ("service.node.name", Type::Keyword),
    ("host.name", Type::Keyword),
    ("container.id", Type::Keyword),
    ("container.name", Type::Keyword),
    ("process.thread.name", Type::Keyword),
    ("event.dataset", Type::Keyword),
    ("event.module", Type::Keyword),
    ("event.kind", Type::Keyword),
    ("event.category", Type::Keyword),
    ("event.type", Type::Keyword),
    ("event.outcome", Type::Keyword),
    ("event.action", Type::Keyword),
    ("event.code", Type::Keyword),
    ("event.reason", Type::Keyword),
    ("event.duration", Type::Long),
    ("trace.id", Type::Keyword),
    ("span.id", Type::Keyword),
    ("http.request.id", Type::Keyword),
    ("http.request.method", Type::Keyword),
    ("http.request.referrer", Type::Keyword),
    ("http.request.body.bytes", Type::Long),
    ("http.response.status_code", Type::Long),
    ("http.response.body.bytes", Type::Long),
    ("http.version", Type::Keyword),
    ("url.domain", Type::Keyword),
    ("url.path", Type::Wildcard),
    ("user.id", Type::Keyword),
    ("user.hash", Type::Keyword),
    ("user_agent.original", Type::Keyword),
    ("organization.id", Type::Keyword),
    ("source.ip", Type::Ip),
    ("client.ip", Type::Ip),
    ("client.address", Type::Keyword),
    ("error.code", Type::Keyword),
    ("error.id", Type::Keyword),
    ("error.message", Type::Text),
    ("error.type", Type::Keyword),
    ("error.stack_trace", Type::Wildcard),
];

/// What the pipeline takes the value of each field for.
pub(crate) fn types() -> Value {
    let of = |kind| match kind {
        Type::Keyword => "keyword",
        Type::Wildcard | Type::Text => "text",
        Type::Long => "long",
        Type::Ip => "ip",
    };
    FIELDS
        .iter()
        .map(|(name, kind)| ((*name).to_owned(), json!(of(*kind))))
        .collect()
}

/// The mapping of all fields, with labels of this type, each of which can be searched for.
pub(crate) fn properties(labels: Value) -> Value {
    let mut all = Map::new();
    // A stream takes nothing without a moment, so it has to be one.
    insert(
        &mut all,
        "@timestamp",
        json!({ "type": "date", "ignore_malformed": false }),
    );
    insert(
        &mut all,
        "data_stream.type",
        json!({ "type": "constant_keyword", "value": "logs" }),
    );
    insert(&mut all, "data_stream.namespace", Type::Keyword.mapping());
    for (name, kind) in FIELDS {
        insert(&mut all, name, kind.mapping());
    }
    insert(&mut all, "labels", labels);
    Value::Object(all)
}

/// Puts a field where its name says: inside of the others that it is part of.
fn insert(into: &mut Map<String, Value>, name: &str, mapping: Value) {
    match name.split_once('.') {
        None => {
            into.insert(name.to_owned(), mapping);
        }
        Some((outer, rest)) => {
            let outer = into
                .entry(outer)
                .or_insert_with(|| json!({ "properties": {} }));
            if let Some(inner) = outer["properties"].as_object_mut() {
                insert(inner, rest, mapping);
            }
        }
    }
}
