//! What happens to a line before it is stored, whoever has sent it: that is why Logstash need not do it.

use serde_json::{Value, json};

use crate::elastic::field::types;
use crate::elastic::{STREAMS, Store};
use crate::file::File;
use crate::kit::Kit;

/// The version of the schema.
const ECS: &str = "9.4.0";

pub(crate) fn files(kit: &Kit, store: Store) -> [File; 2] {
    let path = |name: String| format!("{}/_ingest/pipeline/{name}.json", store.folder());
    [
        File::json(path(kit.logs()), &lines(kit)),
        File::json(path(postgresql_name(kit)), &postgresql(kit)),
    ]
}

fn postgresql_name(kit: &Kit) -> String {
    format!("{}.postgresql", kit.logs())
}

fn lines(kit: &Kit) -> Value {
    let params = json!({
        "types": types(),
        "streams": STREAMS,
        "datasets": kit.datasets(),
        "environment": kit.log_environment(),
        "service": kit.job,
        "version": ECS,
    });
    let is_json = "ctx.message instanceof String && ctx.message.startsWith('{') && ctx.message.trim().endsWith('}') \
                   && ctx.error_severity == null && ctx['log.level'] == null && !(ctx.log instanceof Map && ctx.log.level != null)";
    json!({
        "description": format!(
            "Log lines of {}, as they are or as a shipper hands them over: read, checked against the fields that there are, and sent to the \
             stream that they belong to. A line that is no JSON, and fields that are unknown or of a wrong type, are kept and tagged.",
            kit.job
        ),
        "processors": [
            { "set": { "field": "@received", "value": "{{_ingest.timestamp}}" } },
            { "json": {
                "if": is_json,
                "field": "message",
                "target_field": "@line",
                "ignore_failure": true,
            } },
            { "script": {
                "if": "ctx.alerts instanceof Map",
                "lang": "painless",
                "source": include_str!("alert.painless"),
            } },
            script(include_str!("unwrap.painless"), &json!({})),
            { "pipeline": {
                "if": "ctx['@database']",
                "name": postgresql_name(kit),
                "on_failure": [withhold("not_jsonlog", "database", "a line of the database that is none of its JSON log is not kept")],
            } },
            script(include_str!("ecs.painless"), &params),
        ],
        "on_failure": [
            withhold("pipeline_failed", "application", "a line that the pipeline failed at is not kept"),
            { "set": { "field": "error.message", "value": "{{_ingest.on_failure_message}}" } },
        ],
    })
}

/// A document that says that there was a line.
fn withhold(tag: &str, dataset: &str, message: &str) -> Value {
    let instead = json!({
        "log.level": "error",
        "message": message,
        "event.kind": "pipeline_error",
        "event.dataset": dataset,
        "tags": [tag],
    });
    script(
        include_str!("withhold.painless"),
        &json!({ "instead": instead }),
    )
}

fn postgresql(kit: &Kit) -> Value {
    let params = json!({ "service": kit.job });
    json!({
        "description": "Lines of PostgreSQL's jsonlog as ECS. A line that is not of jsonlog is refused, since nobody knows what it holds.",
        "processors": [
            { "set": { "field": "@timestamp", "value": "{{_ingest.timestamp}}" } },
            { "date": {
                "field": "timestamp",
                "formats": ["yyyy-MM-dd HH:mm:ss.SSS zzz"],
                "ignore_failure": true,
            } },
            script(include_str!("postgresql.painless"), &params),
        ],
    })
}

fn script(source: &str, params: &Value) -> Value {
    json!({ "script": { "lang": "painless", "params": params, "source": source } })
}
