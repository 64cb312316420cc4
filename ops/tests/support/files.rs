//! The files of a kit, and what is in them.

use ecolaura_monitoring_ops::elastic::FIELDS;
use ecolaura_monitoring_ops::{File, Kit};
use serde_json::Value;

/// Those of the shop.
pub(crate) fn files() -> Vec<File> {
    let kit = Kit::new("ecolaura-api").jaeger("https://traces.shop.example");
    kit.files().expect("a kit")
}

/// What one of them says.
pub(crate) fn text(files: &[File], path: &str) -> String {
    let file = files.iter().find(|file| file.path == path);
    file.unwrap_or_else(|| panic!("no {path}")).text.clone()
}

/// The same as JSON.
pub(crate) fn json(files: &[File], path: &str) -> Value {
    parsed(&text(files, path))
}

/// A text that is JSON.
#[track_caller]
pub(crate) fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Whether lines have such a field, or what is inside of it.
pub(crate) fn is_field(name: &str) -> bool {
    let own = [
        "@timestamp",
        "labels",
        "data_stream.type",
        "data_stream.dataset",
        "data_stream.namespace",
    ];
    own.contains(&name)
        || name.starts_with("labels.")
        || FIELDS.iter().any(|(field, _)| *field == name)
}

/// All texts that an object has under this name, at whatever depth.
pub(crate) fn strings_of(name: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == name => found.push(text.clone()),
                    _ => strings_of(name, value, found),
                }
            }
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| strings_of(name, value, found)),
        _ => {}
    }
}
