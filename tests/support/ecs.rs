//! Whether a log line keeps to the contract that all producers have: one JSON object of fields of ECS, in the order and with the
//! types that it wants.
//!
//! Source: the field definitions of the schema itself, which `scripts/setup` fetches, and the ECS logging specification for the order.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::process::component;
use super::strict_json;
use super::timestamp::nanoseconds;

/// As in scripts/versions.
const VERSION: &str = "9.4.0";

/// What a line begins with.
const FIRST: [&str; 5] = [
    "@timestamp",
    "log.level",
    "message",
    "ecs.version",
    "service.name",
];

const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

/// The four streams, and what each line of them has besides what all have.
const STREAMS: [(&str, &[&str]); 4] = [
    ("application", &[]),
    (
        "access",
        &[
            "event.kind",
            "event.category",
            "event.type",
            "event.outcome",
            "event.duration",
            "http.request.method",
            "http.request.body.bytes",
            "http.response.status_code",
            "http.response.body.bytes",
            "http.version",
            "url.path",
        ],
    ),
    ("database", &["event.kind", "event.category", "event.type"]),
    (
        "authentication",
        &[
            "event.kind",
            "event.category",
            "event.type",
            "event.action",
            "event.outcome",
        ],
    ),
];

/// The fields of ECS by name, as its authors define them.
static DEFINITIONS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let file = component("ecs");
    let text = fs::read_to_string(&file);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
});

/// The fields of a line without its end, or what is wrong with it.
pub fn check(line: &str) -> Result<Map<String, Value>, String> {
    if line.contains(['\n', '\r']) {
        return Err("more than one line".to_owned());
    }
    let object = strict_json::object(line)?;
    in_order(&object.keys)?;
    check_fields(&object.fields)?;
    Ok(object.fields)
}

/// The fields of a line that keeps to it.
pub fn checked(line: &str) -> Map<String, Value> {
    check(line).unwrap_or_else(|reason| panic!("{reason}: {line}"))
}

/// The same as [`check`] for a document in a store, whose fields have no order.
pub fn check_fields(fields: &Map<String, Value>) -> Result<(), String> {
    for name in FIRST {
        required(fields, name)?;
    }
    for (name, value) in fields {
        let checked = match name.as_str() {
            "labels" => labels(value),
            _ => field(name, value),
        };
        checked.map_err(|reason| format!("{name}: {reason}: {value}"))?;
    }
    one_of(fields, "ecs.version", &[VERSION])?;
    one_of(fields, "log.level", &LEVELS)?;
    id(fields, "trace.id", 32)?;
    id(fields, "span.id", 16)?;
    types_fit_categories(fields)?;
    stream(fields)
}

fn in_order(keys: &[String]) -> Result<(), String> {
    for (at, expected) in FIRST.into_iter().enumerate() {
        let found = keys.get(at).map_or("nothing", String::as_str);
        if found != expected {
            return Err(format!("{expected} is to be key {at}, where {found} is"));
        }
    }
    Ok(())
}

fn required<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a Value, String> {
    fields
        .get(name)
        .ok_or_else(|| format!("there is no {name}"))
}

/// A field of ECS with a value of its type.
fn field(name: &str, value: &Value) -> Result<(), String> {
    let definition = DEFINITIONS
        .get(name)
        .ok_or_else(|| format!("no field of ECS {VERSION}"))?;
    let kind = definition["type"].as_str().unwrap_or_default();
    let many = definition["normalize"]
        .as_array()
        .is_some_and(|all| all.contains(&Value::from("array")));
    match value {
        Value::Array(values) if many && !values.is_empty() => {
            let mut values = values.iter();
            values.try_for_each(|value| single(kind, definition, value))
        }
        _ if many => Err("not an array with values".to_owned()),
        value => single(kind, definition, value),
    }
}

fn single(kind: &str, definition: &Value, value: &Value) -> Result<(), String> {
    let fits = match kind {
        "keyword" | "constant_keyword" | "wildcard" | "ip" => {
            value.as_str().is_some_and(|text| !text.is_empty())
        }
        "match_only_text" => value.is_string(),
        "date" => value
            .as_str()
            .is_some_and(|text| nanoseconds(text).is_some()),
        "long" | "integer" => value.is_i64(),
        "float" | "double" | "scaled_float" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => {
            return Err(format!(
                "is of the type {kind}, which has fields of its own"
            ));
        }
    };
    if !fits {
        return Err(format!("not a value of the type {kind}"));
    }
    let allowed = definition["allowed_values"].as_array();
    match allowed.is_none_or(|allowed| allowed.iter().any(|one| one["name"] == *value)) {
        true => Ok(()),
        false => Err("not a value that ECS allows".to_owned()),
    }
}

fn labels(value: &Value) -> Result<(), String> {
    let labels = value.as_object().ok_or("not an object")?;
    for (key, value) in labels {
        if key.is_empty() || key.contains(['.', '*', '\\']) {
            return Err(format!("{key:?} is no name of a label"));
        }
        if !value.is_string() {
            return Err(format!("{key} is not text"));
        }
    }
    Ok(())
}

fn one_of(fields: &Map<String, Value>, name: &str, allowed: &[&str]) -> Result<(), String> {
    let value = required(fields, name)?.as_str().unwrap_or_default();
    match allowed.contains(&value) {
        true => Ok(()),
        false => Err(format!("{name} is {value}, which is none of {allowed:?}")),
    }
}

/// Lower-case hexadecimal digits, of which one is not 0.
fn id(fields: &Map<String, Value>, name: &str, digits: usize) -> Result<(), String> {
    let Some(id) = fields.get(name).and_then(Value::as_str) else {
        return Ok(());
    };
    let hexadecimal = id
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match id.len() == digits && hexadecimal && id.bytes().any(|byte| byte != b'0') {
        true => Ok(()),
        false => Err(format!("{name} is {id}, which is no id of {digits} digits")),
    }
}

/// Each category says which types of events it has.
fn types_fit_categories(fields: &Map<String, Value>) -> Result<(), String> {
    let list = |name: &str| fields.get(name).and_then(Value::as_array);
    let (Some(categories), Some(types)) = (list("event.category"), list("event.type")) else {
        return Ok(());
    };
    let definitions = DEFINITIONS["event.category"]["allowed_values"].as_array();
    let expected: BTreeSet<&str> = definitions
        .into_iter()
        .flatten()
        .filter(|one| categories.contains(&one["name"]))
        .filter_map(|one| one["expected_event_types"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut types = types.iter().filter_map(Value::as_str);
    match types.find(|one| !expected.contains(one)) {
        None => Ok(()),
        Some(other) => Err(format!("event.type {other} is none of {expected:?}")),
    }
}

fn stream(fields: &Map<String, Value>) -> Result<(), String> {
    let streams = STREAMS.map(|(stream, _)| stream);
    one_of(fields, "event.dataset", &streams)?;
    let mut streams = STREAMS.iter();
    let stream = streams.find(|(stream, _)| fields["event.dataset"] == *stream);
    let mut wanted = stream.into_iter().flat_map(|(_, wanted)| *wanted);
    wanted.try_for_each(|name| required(fields, name).map(|_| ()))
}
