//! The dashboards in `deploy/grafana`, as Grafana would ask for them.

use std::fs;

use serde_json::Value;

use super::folder::repository;

/// A dashboard.
pub struct Dashboard {
    pub uid: String,
    pub title: String,
    pub rows: Vec<Row>,
    /// What its variables and marks ask: what for, and the expression.
    pub others: Vec<(String, String)>,
}

/// A row of panels.
pub struct Row {
    pub title: String,
    pub panels: Vec<Panel>,
    /// Whether its panels are only shown to who opens it.
    pub is_closed: bool,
}

/// A panel.
pub struct Panel {
    pub title: String,
    pub json: Value,
    /// What it asks, and how series are called.
    pub targets: Vec<(String, String)>,
}

/// All of them.
pub fn dashboards() -> Vec<Dashboard> {
    let folder = repository().join("deploy/grafana/dashboards");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let one = |file: &std::path::PathBuf| {
        let text = fs::read_to_string(file).expect("a file");
        dashboard(&serde_json::from_str(&text).expect("JSON"))
    };
    files.iter().map(one).collect()
}

fn dashboard(json: &Value) -> Dashboard {
    let mut rows: Vec<Row> = Vec::new();
    for panel in list(&json["panels"]) {
        match panel["type"] == "row" {
            true => {
                let inside = list(&panel["panels"]).iter();
                rows.push(Row {
                    title: text(&panel["title"]),
                    panels: inside.map(self::panel).collect(),
                    is_closed: panel["collapsed"] == true,
                });
            }
            false => rows
                .last_mut()
                .expect("a row")
                .panels
                .push(self::panel(panel)),
        }
    }
    let variables = list(&json["templating"]["list"]).iter();
    let variables = variables.filter(|variable| variable["type"] == "query");
    let marks = list(&json["annotations"]["list"]).iter();
    let others = variables
        .map(|variable| (&variable["name"], &variable["query"]["query"]))
        .chain(marks.map(|mark| (&mark["name"], &mark["expr"])));
    Dashboard {
        uid: text(&json["uid"]),
        title: text(&json["title"]),
        rows,
        others: others
            .map(|(name, expr)| (text(name), text(expr)))
            .collect(),
    }
}

fn panel(json: &Value) -> Panel {
    let targets = list(&json["targets"]).iter();
    let targets = targets.map(|target| (text(&target["expr"]), text(&target["legendFormat"])));
    Panel {
        title: text(&json["title"]),
        targets: targets.collect(),
        json: json.clone(),
    }
}

fn list(value: &Value) -> &Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

/// An expression with everything of a job chosen, over so much time.
pub fn chosen(expr: &str, job: &str, rate_interval: &str, range: &str) -> String {
    let expr = expr.replace("$__rate_interval", rate_interval);
    let expr = expr.replace("$job", job);
    let expr = expr.replace("$__range", range);
    ["environment", "instance", "endpoint"]
        .iter()
        .fold(expr, |expr, name| {
            let all = if *name == "environment" { ".*" } else { ".+" };
            expr.replace(&format!("${name}"), all)
        })
}
