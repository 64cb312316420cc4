//! The templates of the kit's files: files in the format of the program that reads them, with `<{ values }>`, `<% blocks %>` and `<# comments #>`.
//!
//! Prometheus, Alertmanager and Grafana have their own `{{ … }}`, so these delimiters differ from the usual ones.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::{Map, Value, json};

use crate::blackbox;
use crate::error::Error;
use crate::file::{File, MADE};
use crate::kit::Kit;
use crate::names::kubernetes_name;
use crate::prometheus::rule::quoted;
use crate::yaml::indented;

/// What several templates include.
const PARTIALS: [(&str, &str); 2] = [
    ("objectives", include_str!("../dashboards/objectives.json")),
    ("own-metric", include_str!("../dashboards/own-metric.json")),
];

/// Fills a template. A value that the context does not have is an error where it is printed, and false in a condition.
pub(crate) fn render(
    name: &str,
    source: &str,
    context: &Map<String, Value>,
) -> Result<String, Error> {
    let fail = |error: &dyn std::fmt::Display| Error::new(format!("template {name}: {error}"));
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .block_delimiters("<%", "%>")
        .variable_delimiters("<{", "}>")
        .comment_delimiters("<#", "#>")
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .map_err(|error| fail(&error))?;
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.add_filter("quoted", |text: &str| quoted(text));
    environment.add_filter("indented", |text: &str, by: usize| {
        indented(text, by).trim_end().to_owned()
    });
    environment.add_filter("json", |text: &str| Value::from(text).to_string());
    for (name, source) in PARTIALS {
        environment
            .add_template(name, source)
            .map_err(|error| fail(&error))?;
    }
    environment
        .render_named_str(name, source, Serde(context))
        .map_err(|error| fail(&error))
}

/// A file of the kit, filled with the values of the kit and `more`.
pub(crate) fn file(path: &str, source: &str, kit: &Kit, more: Value) -> Result<File, Error> {
    let mut context = values(kit);
    if let Value::Object(more) = more {
        context.extend(more);
    }
    Ok(File::new(path, render(path, source, &context)?))
}

/// The same of JSON: the template's own line breaks do not matter.
pub(crate) fn json(path: &str, source: &str, kit: &Kit, more: Value) -> Result<File, Error> {
    Ok(File::json(path, &value(path, source, kit, more)?))
}

/// The value in a template of JSON.
pub(crate) fn value(path: &str, source: &str, kit: &Kit, more: Value) -> Result<Value, Error> {
    let file = file(path, source, kit, more)?;
    serde_json::from_str(&file.text)
        .map_err(|error| Error::new(format!("template {path}: {error}")))
}

/// The values that all templates have.
fn values(kit: &Kit) -> Map<String, Value> {
    let mail = kit.mail.as_ref();
    let values = json!({
        "made": MADE,
        "job": kit.job,
        "team": kit.team,
        "deployment": kubernetes_name(&kit.job),
        "environment": kit.environments[0].name,
        "time_zone": kit.time_zone,
        "image": kit.image,
        "port": kit.port,
        "own_port": kit.own_port(),
        "dashboards": kit.dashboards,
        "traces": kit.traces,
        "prometheus": kit.prometheus,
        "alertmanager": kit.alertmanager,
        "deadman": kit.deadman,
        "mail": mail.map(|mail| json!({ "host": mail.host, "from": mail.from, "to": mail.to })),
        "probed": blackbox::is_probed(kit),
        "tokens": blackbox::tokens(kit),
    });
    match values {
        Value::Object(values) => values,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::render;
    use serde_json::{Map, json};

    #[test]
    fn filled_as_yaml() {
        let mut context = Map::new();
        context.insert("a".to_owned(), json!("<{ b }>\n\"x\" & {{ $value }}"));
        context.insert("none".to_owned(), json!(null));
        for (source, expected) in [
            ("a: {{ $value }}\n", "a: {{ $value }}\n"),
            ("<{ a }>", "<{ b }>\n\"x\" & {{ $value }}"),
            ("<{ a|quoted }>", r#""<{ b }>\n\"x\" & {{ $value }}""#),
            (
                "- x\n  <% if a %>\n- y\n  <% endif %>\n<# z #>\n- z\n",
                "- x\n- y\n- z\n",
            ),
            ("<% if none or nothing %>x<% endif %>", ""),
        ] {
            assert_eq!(render("a", source, &context).expect("filled"), expected);
        }
        let error = render("a.yml", "<{ c }>", &context).expect_err("nothing is called so");
        assert!(error.to_string().starts_with("template a.yml: "), "{error}");
    }
}
