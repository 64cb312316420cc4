//! What Kibana imports fits together: every reference leads to an object, and every field is one of the streams'.

mod support {
    #[allow(dead_code)]
    pub(crate) mod files;
}

use std::collections::BTreeSet;

use ecolaura_monitoring_ops::elastic::FIELDS;
use serde_json::Value;

use crate::support::files::{files, is_field, parsed, strings_of, text};

/// The objects for Kibana, and what its last line says.
fn objects() -> (Vec<Value>, Value) {
    let text = text(&files(), "kibana/logs.ndjson");
    let mut lines: Vec<Value> = text.lines().map(parsed).collect();
    let end = lines.pop().expect("a last line");
    (lines, end)
}

#[test]
fn objects_of_kibana_refer_to_each_other() {
    let (objects, end) = objects();
    assert_eq!(end["exportedCount"], objects.len());
    let ids: BTreeSet<(String, String)> = objects
        .iter()
        .map(|object| (object["type"].to_string(), object["id"].to_string()))
        .collect();
    assert_eq!(ids.len(), objects.len(), "ids are unique");
    let mut by_type = [0; 4];
    for object in &objects {
        let kinds = ["index-pattern", "search", "visualization", "dashboard"];
        let place = kinds.iter().position(|kind| object["type"] == *kind);
        by_type[place.expect("a known type")] += 1;
        assert!(object["migrationVersion"][object["type"].as_str().expect("a type")].is_string());

        let references = object["references"].as_array().expect("references");
        let mut given = BTreeSet::new();
        for reference in references {
            let to = (reference["type"].to_string(), reference["id"].to_string());
            assert!(ids.contains(&to), "{to:?} of {}", object["id"]);
            assert!(
                given.insert(reference["name"].as_str().expect("a name")),
                "{reference}"
            );
        }
        let attributes = &object["attributes"];
        let mut used = Vec::new();
        for inner in inner_texts(attributes) {
            strings_of("indexRefName", &inner, &mut used);
            strings_of("panelRefName", &inner, &mut used);
        }
        let used: BTreeSet<&str> = used.iter().map(String::as_str).collect();
        assert_eq!(used, given, "{}", object["id"]);
    }
    assert_eq!(by_type, [5, 12, 10, 1]);
}

/// The texts of an object that are JSON themselves.
fn inner_texts(attributes: &Value) -> Vec<Value> {
    let mut inner = Vec::new();
    for name in [
        "visState",
        "panelsJSON",
        "optionsJSON",
        "fieldFormatMap",
        "uiStateJSON",
    ] {
        inner.extend(attributes[name].as_str().map(parsed));
    }
    let source = &attributes["kibanaSavedObjectMeta"]["searchSourceJSON"];
    inner.extend(source.as_str().map(parsed));
    inner
}

#[test]
fn kibana_names_fields_that_there_are() {
    let (objects, _) = objects();
    let mut named = BTreeSet::new();
    for object in &objects {
        let attributes = &object["attributes"];
        for column in attributes["columns"].as_array().into_iter().flatten() {
            named.insert(column.as_str().expect("a name").to_owned());
        }
        if let Some(formats) = attributes["fieldFormatMap"].as_str() {
            named.extend(
                parsed(formats)
                    .as_object()
                    .expect("formats")
                    .keys()
                    .cloned(),
            );
        }
        let (mut fields, mut queries) = (Vec::new(), Vec::new());
        for inner in inner_texts(attributes) {
            strings_of("field", &inner, &mut fields);
            strings_of("query", &inner, &mut queries);
        }
        named.extend(fields);
        named.extend(queries.iter().flat_map(|query| fields_of(query)));
    }
    assert!(named.len() > 25, "{named:?}");
    let unknown: Vec<_> = named.iter().filter(|name| !is_field(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The fields in a query of Lucene: what stands before a colon, and after `_exists_:`.
fn fields_of(query: &str) -> Vec<String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "._@".contains(c);
    let mut found = Vec::new();
    for (at, _) in query.match_indices(':') {
        let before = query[..at]
            .rsplit(|c| !is_of_name(c))
            .next()
            .unwrap_or_default();
        let after = query[at + 1..]
            .split(|c| !is_of_name(c))
            .next()
            .unwrap_or_default();
        found.push(if before == "_exists_" { after } else { before }.to_owned());
    }
    found
}

/// What is counted is a field that stores can count.
#[test]
fn charts_count_what_can_be_counted() {
    let (objects, _) = objects();
    let mut counted = Vec::new();
    for object in &objects {
        for inner in inner_texts(&object["attributes"]) {
            strings_of("field", &inner, &mut counted);
        }
    }
    assert!(!counted.is_empty());
    for name in counted {
        let kind = FIELDS.iter().find(|(field, _)| *field == name);
        let kind = kind.map_or("date", |(_, kind)| kind.name());
        assert!(
            ["keyword", "long", "date"].contains(&kind),
            "{name}: {kind}"
        );
    }
}

#[test]
fn a_trace_leads_to_jaeger() {
    let (objects, _) = objects();
    let views = objects
        .iter()
        .filter(|object| object["type"] == "index-pattern");
    for view in views {
        let formats = parsed(
            view["attributes"]["fieldFormatMap"]
                .as_str()
                .expect("formats"),
        );
        let format = &formats["trace.id"];
        assert_eq!(format["id"], "url");
        assert_eq!(
            format["params"]["urlTemplate"],
            "https://traces.shop.example/trace/{{value}}"
        );
    }
}
