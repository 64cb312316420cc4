//! What keeps log lines fits together: every field that something names is one of the streams', every name leads to what has it, and Logstash's
//! configuration is one.

mod support {
    pub(crate) mod files;
}

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use ecolaura_monitoring_ops::elastic::FIELDS;
use ecolaura_monitoring_ops::{File, Kit};
use serde_json::{Map, Value};

use crate::support::files::{files, is_field, json, strings_of, text};
use ::support::component::component;

/// The names of what is put to this address below a store's folder.
fn names(files: &[File], folder: &str) -> BTreeSet<String> {
    let below = files
        .iter()
        .filter_map(|file| file.path.strip_prefix(folder)?.strip_suffix(".json"));
    below
        .map(|name| name.trim_start_matches('/').to_owned())
        .collect()
}

/// The fields of ECS, as its authors define them.
fn ecs() -> Map<String, Value> {
    let text = fs::read_to_string(component("ecs")).expect("the fields of ECS");
    serde_json::from_str(&text).expect("an object")
}

/// Texts between two of these quotes.
fn quoted(text: &str, quote: char) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(move |line| line.split(quote).skip(1).step_by(2))
}

#[test]
fn fields_are_those_of_ecs() {
    let ecs = ecs();
    for (name, kind) in FIELDS {
        assert_eq!(ecs[name]["type"], kind.name(), "{name}");
    }
}

/// What the library, nginx and PostgreSQL's pipeline write is what there is a field for.
#[test]
fn all_that_is_written_has_a_field() {
    let ecs = ecs();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (file, quote, least) in [
        ("src/catalog/field.rs", '"', 40),
        ("deploy/nginx/ecs-access-log.conf", '"', 20),
        ("ops/elastic/postgresql.painless", '\'', 15),
    ] {
        let text = fs::read_to_string(root.join(file)).expect("a file");
        let written: BTreeSet<&str> = quoted(&text, quote)
            .filter(|name| ecs.contains_key(*name))
            .collect();
        assert!(written.len() >= least, "{file}: {written:?}");
        let missing: Vec<_> = written.iter().filter(|name| !is_field(name)).collect();
        assert!(missing.is_empty(), "{file}: {missing:?}");
    }
}

/// The mapping holds each field of the table with its type, and nothing besides.
#[test]
fn mappings_are_fixed() {
    let files = files();
    for (store, labels) in [
        ("elasticsearch", "flattened"),
        ("opensearch", "flat_object"),
    ] {
        let path = format!("{store}/_component_template/logs-ecolaura_api@mappings.json");
        let mappings = &json(&files, &path)["template"]["mappings"];
        assert_eq!(mappings["dynamic"], false);
        assert_eq!(mappings["date_detection"], false);
        let mut found = Vec::new();
        leaves("", &mappings["properties"], &mut found);
        let mut expected: Vec<(String, String)> = FIELDS
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), kind.name().to_owned()))
            .collect();
        for (name, kind) in [
            ("@timestamp", "date"),
            ("data_stream.type", "constant_keyword"),
            ("data_stream.namespace", "keyword"),
            ("labels", labels),
        ] {
            expected.push((name.to_owned(), kind.to_owned()));
        }
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{store}");
    }
}

fn leaves(prefix: &str, properties: &Value, found: &mut Vec<(String, String)>) {
    for (name, field) in properties.as_object().expect("properties") {
        match field["type"].as_str() {
            Some(kind) => found.push((format!("{prefix}{name}"), kind.to_owned())),
            None => leaves(&format!("{prefix}{name}."), &field["properties"], found),
        }
    }
}

#[test]
fn names_lead_to_what_has_them() {
    let files = files();
    for (store, policies) in [
        ("elasticsearch", "_ilm/policy"),
        ("opensearch", "_plugins/_ism/policies"),
    ] {
        let components = names(&files, &format!("{store}/_component_template/"));
        let pipelines = names(&files, &format!("{store}/_ingest/pipeline/"));
        let templates = names(&files, &format!("{store}/_index_template/"));
        assert_eq!(
            (components.len(), pipelines.len(), templates.len()),
            (2, 2, 4)
        );
        for template in &templates {
            let template = json(&files, &format!("{store}/_index_template/{template}.json"));
            let parts = template["composed_of"].as_array().expect("parts");
            assert_eq!(parts.len(), 2);
            for part in parts {
                assert!(
                    components.contains(part.as_str().expect("a name")),
                    "{part}"
                );
            }
        }
        let settings = json(
            &files,
            &format!("{store}/_component_template/logs-ecolaura_api@settings.json"),
        );
        let index = &settings["template"]["settings"]["index"];
        assert!(pipelines.contains(index["default_pipeline"].as_str().expect("a name")));
        let lines = json(
            &files,
            &format!("{store}/_ingest/pipeline/logs-ecolaura_api.json"),
        );
        let called = lines["processors"].as_array().expect("processors");
        let mut called = called
            .iter()
            .filter_map(|one| one["pipeline"]["name"].as_str());
        assert!(called.all(|name| pipelines.contains(name)));
        let policies = names(&files, &format!("{store}/{policies}/"));
        assert_eq!(policies.iter().collect::<Vec<_>>(), ["logs-ecolaura_api"]);
        let lifecycle = &index["lifecycle"]["name"];
        // OpenSearch has no such setting: there the policy says which indices are its own.
        assert!(match store {
            "elasticsearch" => policies.contains(lifecycle.as_str().expect("a name")),
            _ => lifecycle.is_null(),
        });
    }
}

/// What is for both is the same for both.
#[test]
fn both_stores_have_the_same_streams() {
    let files = files();
    let below = |store: &str, kind: &str| {
        let folder = format!("{store}/{kind}/");
        names(&files, &folder)
            .into_iter()
            .map(|name| text(&files, &format!("{folder}{name}.json")))
            .collect::<Vec<_>>()
    };
    for kind in ["_index_template", "_ingest/pipeline"] {
        assert_eq!(below("elasticsearch", kind), below("opensearch", kind));
    }
}

/// Lines live as long in both, in the words of each. Neither store's lifecycle can run in tests: this is what their references say.
#[test]
fn both_stores_keep_lines_as_long() {
    let files = files();
    let of_elasticsearch = json(&files, "elasticsearch/_ilm/policy/logs-ecolaura_api.json");
    let phases = &of_elasticsearch["policy"]["phases"];
    let rollover = &phases["hot"]["actions"]["rollover"];
    let of_opensearch = json(
        &files,
        "opensearch/_plugins/_ism/policies/logs-ecolaura_api.json",
    );
    let policy = &of_opensearch["policy"];
    let [hot, delete] = &policy["states"].as_array().expect("states")[..] else {
        panic!("not two states: {policy}");
    };
    assert_eq!(policy["default_state"], hot["name"]);
    assert_eq!(hot["transitions"][0]["state_name"], delete["name"]);
    assert_eq!(
        hot["actions"][0]["rollover"]["min_index_age"],
        rollover["max_age"]
    );
    assert_eq!(
        hot["actions"][0]["rollover"]["min_primary_shard_size"],
        rollover["max_primary_shard_size"]
    );
    assert_eq!(
        hot["transitions"][0]["conditions"]["min_rollover_age"],
        phases["delete"]["min_age"]
    );
    for action in [&delete["actions"][0], &phases["delete"]["actions"]] {
        assert!(action["delete"].is_object(), "{action}");
    }
    assert_eq!(rollover["max_age"], "7d");
    assert_eq!(phases["delete"]["min_age"], "30d");
    assert_eq!(
        policy["ism_template"][0]["index_patterns"][0],
        "logs-ecolaura_api.*"
    );
}

#[test]
fn pipelines_name_fields_that_there_are() {
    let files = files();
    let path = "elasticsearch/_ingest/pipeline/logs-ecolaura_api.json";
    let mut sources = Vec::new();
    for name in ["logs-ecolaura_api", "logs-ecolaura_api.postgresql"] {
        let pipeline = json(
            &files,
            &format!("elasticsearch/_ingest/pipeline/{name}.json"),
        );
        strings_of("source", &pipeline, &mut sources);
    }
    assert_eq!(sources.len(), 6, "scripts");
    let is_name = |text: &&str| {
        text.contains('.')
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || "._".contains(c))
            && text.len() > 2
    };
    let named: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| quoted(source, '\'').filter(is_name))
        .collect();
    assert!(named.len() > 20, "{named:?}");
    let is_outer = |name: &str| {
        FIELDS
            .iter()
            .any(|(field, _)| field.starts_with(&format!("{name}.")))
    };
    let unknown: Vec<_> = named
        .into_iter()
        .filter(|name| !is_field(name) && !is_outer(name))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");

    let processors = json(&files, path)["processors"].clone();
    let processors = processors.as_array().expect("processors");
    let types = processors
        .iter()
        .find_map(|one| one["script"]["params"]["types"].as_object());
    let types: BTreeSet<&String> = types.expect("types").keys().collect();
    assert_eq!(types.len(), FIELDS.len());
    assert!(types.into_iter().all(|name| is_field(name)));
}

fn mustache(command: &str, name: &str, configuration: &str) -> (bool, String) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, configuration).expect("it can be written");
    let output = Command::new(component("mustache"))
        .arg(command)
        .arg(&file)
        .output();
    let output = output.expect("mustache runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    // It tells of what it would rather see by its output alone.
    (output.status.success() && said.trim().is_empty(), said)
}

#[test]
fn logstash_can_read_its_configuration() {
    for (name, job) in [
        ("shop.conf", "ecolaura-api"),
        ("worker.conf", "Mail_worker.2"),
    ] {
        let files = Kit::new(job).files().expect("a kit");
        let configuration = text(&files, "logstash/logs.conf");
        for command in ["check", "lint"] {
            let (is_good, said) = mustache(command, name, &configuration);
            assert!(is_good, "{command}: {said}");
        }
    }
    // What passes can fail.
    let configuration = text(&files(), "logstash/logs.conf");
    let broken = configuration.replacen("input {", "input", 1);
    assert!(!mustache("check", "broken.conf", &broken).0);
    let nameless = configuration.replacen("id => \"look\"", "", 1);
    assert!(!mustache("lint", "nameless.conf", &nameless).0);
}

/// The parts of a data stream's name are lower-case, and have no dash.
#[test]
fn streams_of_any_job_have_names_that_stores_take() {
    let files = Kit::new("Mail-Worker.2").files().expect("a kit");
    let template = json(
        &files,
        "elasticsearch/_index_template/logs-mail_worker.2.access.json",
    );
    assert_eq!(template["index_patterns"][0], "logs-mail_worker.2.access-*");
    let dataset =
        &template["template"]["mappings"]["properties"]["data_stream"]["properties"]["dataset"];
    assert_eq!(dataset["value"], "mail_worker.2.access");
    let configuration = text(&files, "logstash/logs.conf");
    assert!(configuration.contains("\"mail_worker.2.%{[event][dataset]}\""));
}
