//! One dashboard: rows of panels, what can be chosen, and what is marked on the time axis.

use ecolaura_monitoring::catalog;
use serde_json::{Value, json};

use crate::grafana::panel::{Panel, link};
use crate::grafana::{DATASOURCE, selector};
use crate::kit::Kit;
use crate::parts::Parts;

/// All of a kit have it, and so find each other.
const TAG: &str = "ecolaura";

/// A dashboard.
pub(super) struct Dashboard {
    /// The end of its uid, and of its file's name.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) rows: Vec<Row>,
    /// Whether it is asked of some endpoints only.
    pub(super) by_endpoint: bool,
}

/// Panels with a title over them.
pub(super) struct Row {
    title: String,
    panels: Vec<Panel>,
    is_closed: bool,
}

impl Row {
    pub(super) fn new(title: impl Into<String>, panels: impl IntoIterator<Item = Panel>) -> Self {
        Self {
            title: title.into(),
            panels: panels.into_iter().collect(),
            is_closed: false,
        }
    }

    /// Not shown, and not asked, until somebody opens it.
    pub(super) fn closed(mut self) -> Self {
        self.is_closed = true;
        self
    }
}

impl Dashboard {
    /// As Grafana has it.
    pub(super) fn json(&self, kit: &Kit, parts: &Parts) -> Value {
        json!({
            "uid": kit.dashboard(self.name),
            "title": format!("{} / {}", kit.job, self.title),
            "description": self.about,
            "tags": [TAG, kit.job],
            "schemaVersion": 42,
            "editable": false,
            "timezone": "browser",
            "graphTooltip": 1,
            "refresh": "30s",
            "time": { "from": "now-1h", "to": "now" },
            "templating": { "list": self.variables(kit) },
            "annotations": { "list": annotations() },
            "links": links(kit),
            "panels": self.panels(parts),
        })
    }

    fn panels(&self, parts: &Parts) -> Vec<Value> {
        let mut panels = Vec::new();
        let mut place = Place::default();
        for row in &self.rows {
            let (id, at) = place.next(24, 1);
            let mut inside = Vec::new();
            for panel in &row.panels {
                let (width, height) = panel.size();
                let (id, at) = place.next(width, height);
                inside.push(panel.json(id, at, parts));
            }
            place.end_of_line();
            let (in_row, below) = match row.is_closed {
                true => (inside, Vec::new()),
                false => (Vec::new(), inside),
            };
            panels.push(json!({
                "type": "row",
                "id": id,
                "title": row.title,
                "collapsed": row.is_closed,
                "gridPos": { "h": 1, "w": 24, "x": at.0, "y": at.1 },
                "panels": in_row,
            }));
            panels.extend(below);
        }
        panels
    }

    fn variables(&self, kit: &Kit) -> Vec<Value> {
        let up = |labels: &str| format!("up{{{labels}}}");
        let job = kit.job();
        let requests = catalog::HTTP_REQUESTS.name();
        let mut all = vec![
            json!({
                "type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus",
                "current": { "selected": false, "text": "Prometheus", "value": "prometheus" },
                "refresh": 1, "regex": "", "multi": false, "includeAll": false, "options": [],
            }),
            chosen("job", "Job", ".+", &up(&job), Some(&kit.job)),
            chosen(
                "environment",
                "Environment",
                ".*",
                &up("job=~\"$job\""),
                None,
            ),
            chosen(
                "instance",
                "Instance",
                ".+",
                &up("job=~\"$job\",environment=~\"$environment\""),
                None,
            ),
        ];
        if self.by_endpoint {
            let of = format!("{requests}{{{}}}", selector(""));
            all.push(chosen("endpoint", "Endpoint", ".+", &of, None));
        }
        all
    }
}

/// A variable with the values of a label, of which one or several can be chosen.
fn chosen(name: &str, label: &str, all: &str, of: &str, first: Option<&str>) -> Value {
    let query = format!("label_values({of}, {name})");
    let (text, value) = first.map_or(("All", "$__all"), |first| (first, first));
    json!({
        "type": "query", "name": name, "label": label,
        "datasource": DATASOURCE.json(),
        "definition": query,
        "query": { "query": query, "refId": "StandardVariableQuery" },
        "current": { "selected": true, "text": [text], "value": [value] },
        "refresh": 2, "sort": 1, "regex": "", "multi": true, "includeAll": true, "allValue": all, "options": [],
    })
}

fn annotations() -> Vec<Value> {
    let build = catalog::BUILD_INFO.name();
    let versions = format!("count by (version, revision) ({build}{{{}}}", selector(""));
    let mark = |name: &str, color: &str, expr: String, title: &str, text: &str, tags: &str| {
        json!({
            "name": name,
            "datasource": DATASOURCE.json(),
            "enable": true,
            "hide": false,
            "iconColor": color,
            "expr": expr,
            "step": "60s",
            "titleFormat": title,
            "textFormat": text,
            "tagKeys": tags,
        })
    };
    vec![
        mark(
            "Firing alerts",
            "red",
            // Some have no instance.
            "ALERTS{alertstate=\"firing\",severity!=\"info\",environment=~\"$environment|\",job=~\"$job\"}".to_owned(),
            "{{alertname}}",
            "{{instance}}",
            "severity,team",
        ),
        mark(
            "Deploys",
            "blue",
            format!("{versions}) unless {versions} offset 5m)"),
            "Version {{version}}",
            "{{revision}}",
            "version",
        ),
    ]
}

fn links(kit: &Kit) -> Vec<Value> {
    let others = json!({
        "title": "Dashboards", "type": "dashboards", "icon": "dashboard", "tooltip": "", "tags": [TAG, kit.job],
        "asDropdown": true, "targetBlank": false, "includeVars": true, "keepTime": true,
    });
    let traces = format!("{}/search?service={}&lookback=1h", kit.traces, kit.job);
    let runbooks = format!("{}/README.md", kit.runbooks);
    vec![others, link("Traces", &traces), link("Runbooks", &runbooks)]
}

/// Where the next panel is, of 24 columns.
#[derive(Default)]
struct Place {
    id: u32,
    x: u32,
    y: u32,
    height: u32,
}

impl Place {
    fn next(&mut self, width: u32, height: u32) -> (u32, (u32, u32)) {
        if self.x + width > 24 {
            self.end_of_line();
        }
        let at = (self.x, self.y);
        self.id += 1;
        self.x += width;
        self.height = self.height.max(height);
        (self.id, at)
    }

    fn end_of_line(&mut self) {
        self.x = 0;
        self.y += std::mem::take(&mut self.height);
    }
}
