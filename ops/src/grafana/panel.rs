//! One panel: what it asks, and how it shows the answer.

use serde_json::{Value, json};

use crate::grafana::DATASOURCE;
use crate::parts::Parts;

/// How an answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// Lines over time.
    Lines,
    /// Areas on top of each other.
    Stacked,
    /// The number of now, with a line behind it.
    Number,
    /// A bar for each.
    Bars,
    /// How many fell into each bucket over time.
    Heatmap,
    /// A row for each.
    Table,
}

/// A panel.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    pub(super) title: String,
    about: String,
    view: View,
    unit: &'static str,
    queries: Vec<Query>,
    /// From which value on another colour.
    steps: Vec<(f64, &'static str)>,
    /// The colour below all steps.
    base: &'static str,
    max: Option<f64>,
    links: Vec<(String, String)>,
    width: u32,
    height: u32,
}

#[derive(Clone, Debug)]
struct Query {
    expr: String,
    legend: String,
    has_exemplars: bool,
}

const GREEN: &str = "green";
const YELLOW: &str = "yellow";
const RED: &str = "red";

impl Panel {
    /// A panel with a title, and a description of what it shows and what is good.
    pub(super) fn new(view: View, title: impl Into<String>, about: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            about: about.into(),
            view,
            unit: "short",
            queries: Vec::new(),
            steps: Vec::new(),
            base: GREEN,
            max: None,
            links: Vec::new(),
            width: match view {
                View::Number => 4,
                View::Table => 24,
                _ => 12,
            },
            height: if view == View::Number { 4 } else { 8 },
        }
    }

    /// Asks this, and calls each series of the answer so.
    pub(super) fn ask(mut self, expr: impl Into<String>, legend: impl Into<String>) -> Self {
        self.queries.push(Query {
            expr: expr.into(),
            legend: legend.into(),
            has_exemplars: false,
        });
        self
    }

    /// Shows requests that stand for a value of the last query, each with a link to its trace.
    pub(super) fn exemplars(mut self) -> Self {
        if let Some(query) = self.queries.last_mut() {
            query.has_exemplars = true;
        }
        self
    }

    /// What values are measured in, by Grafana's name of it.
    pub(super) fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// From which value on it is yellow, and red.
    pub(super) fn bad_above(mut self, yellow: f64, red: f64) -> Self {
        self.steps = vec![(yellow, YELLOW), (red, RED)];
        self
    }

    /// Below which value it is yellow, and red.
    pub(super) fn bad_below(mut self, yellow: f64, red: f64) -> Self {
        self.base = RED;
        self.steps = vec![(red, YELLOW), (yellow, GREEN)];
        self
    }

    /// The most that a value can be; the least is 0 then.
    pub(super) fn max(mut self, max: f64) -> Self {
        self.max = Some(max);
        self
    }

    /// Where a click on a value leads.
    pub(super) fn link(mut self, title: impl Into<String>, url: impl Into<String>) -> Self {
        self.links.push((title.into(), url.into()));
        self
    }

    /// How many of the 24 columns it takes.
    pub(super) fn width(mut self, width: u32) -> Self {
        self.width = width;
        self
    }

    /// How many lines it takes.
    pub(super) fn height(mut self, height: u32) -> Self {
        self.height = height;
        self
    }

    /// How many columns and lines it takes.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// As Grafana has it.
    pub(super) fn json(&self, id: u32, (x, y): (u32, u32), parts: &Parts) -> Value {
        let (w, h) = self.size();
        let queries = self.queries.iter().zip('A'..='Z');
        let targets: Vec<Value> = queries.map(|(query, id)| self.target(query, id)).collect();
        let mut panel = json!({
            "type": self.plugin(),
            "id": id,
            "title": self.title,
            "description": parts.text(&self.about),
            "datasource": DATASOURCE.json(),
            "gridPos": { "h": h, "w": w, "x": x, "y": y },
            "targets": targets,
            "options": self.options(),
            "fieldConfig": { "defaults": self.defaults(), "overrides": [] },
        });
        if self.view == View::Table {
            panel["transformations"] = json!([{
                "id": "organize",
                "options": { "excludeByName": { "Time": true }, "indexByName": {}, "renameByName": {} },
            }]);
        }
        panel
    }

    fn plugin(&self) -> &'static str {
        match self.view {
            View::Lines | View::Stacked => "timeseries",
            View::Number => "stat",
            View::Bars => "bargauge",
            View::Heatmap => "heatmap",
            View::Table => "table",
        }
    }

    fn target(&self, query: &Query, id: char) -> Value {
        // What has one value is asked for now; the rest over the time that is shown.
        let is_instant = matches!(self.view, View::Bars | View::Table);
        json!({
            "refId": id.to_string(),
            "datasource": DATASOURCE.json(),
            "expr": query.expr,
            "legendFormat": query.legend,
            "editorMode": "code",
            "range": !is_instant,
            "instant": is_instant,
            "exemplar": query.has_exemplars,
            "format": match self.view {
                View::Heatmap => "heatmap",
                View::Table => "table",
                _ => "time_series",
            },
        })
    }

    fn defaults(&self) -> Value {
        let mut steps = vec![json!({ "value": null, "color": self.base })];
        steps.extend(
            self.steps
                .iter()
                .map(|(value, color)| json!({ "value": value, "color": color })),
        );
        let is_judged = !self.steps.is_empty();
        let by_steps = is_judged && matches!(self.view, View::Number | View::Bars);
        let mut defaults = json!({
            "unit": self.unit,
            "color": { "mode": if by_steps { "thresholds" } else { "palette-classic" } },
            "thresholds": { "mode": "absolute", "steps": steps },
            "links": self.links.iter().map(|(title, url)| link(title, url)).collect::<Vec<_>>(),
            "custom": self.custom(),
        });
        if let Some(max) = self.max {
            defaults["min"] = json!(0);
            defaults["max"] = json!(max);
        }
        defaults
    }

    fn custom(&self) -> Value {
        let (is_stacked, is_judged) = (self.view == View::Stacked, !self.steps.is_empty());
        match self.view {
            View::Lines | View::Stacked => json!({
                "drawStyle": "line",
                "lineInterpolation": "linear",
                "lineWidth": 1,
                "fillOpacity": if is_stacked { 40 } else { 8 },
                "showPoints": "never",
                "spanNulls": false,
                "stacking": { "mode": if is_stacked { "normal" } else { "none" }, "group": "A" },
                "thresholdsStyle": { "mode": if is_judged { "dashed" } else { "off" } },
            }),
            View::Heatmap => {
                json!({ "hideFrom": { "legend": false, "tooltip": false, "viz": false } })
            }
            View::Table => {
                json!({ "align": "auto", "inspect": false, "cellOptions": { "type": "auto" } })
            }
            View::Number | View::Bars => json!({}),
        }
    }

    fn options(&self) -> Value {
        let legend = |calcs: &[&str]| json!({ "showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": calcs });
        let last = json!({ "calcs": ["lastNotNull"], "fields": "", "values": false });
        match self.view {
            View::Lines | View::Stacked => json!({
                "legend": legend(&[]),
                "tooltip": { "mode": "multi", "sort": "desc" },
            }),
            View::Number => json!({
                "graphMode": "area",
                "colorMode": "value",
                "justifyMode": "auto",
                "textMode": "auto",
                "wideLayout": true,
                "showPercentChange": false,
                "percentChangeColorMode": "standard",
                "orientation": "auto",
                "reduceOptions": last,
            }),
            View::Bars => json!({
                "displayMode": "gradient",
                "valueMode": "color",
                "namePlacement": "auto",
                "showUnfilled": true,
                "sizing": "auto",
                "minVizWidth": 8,
                "minVizHeight": 16,
                "maxVizHeight": 300,
                "legend": json!({ "showLegend": false, "displayMode": "list", "placement": "bottom", "calcs": [] }),
                "orientation": "horizontal",
                "reduceOptions": last,
            }),
            // Prometheus has the buckets already.
            View::Heatmap => json!({
                "calculate": false,
                "color": { "mode": "scheme", "scheme": "Spectral", "fill": "dark-orange", "exponent": 0.5, "steps": 64, "reverse": true },
                "exemplars": { "color": "rgba(255,0,255,0.7)" },
                "filterValues": { "le": 1e-9 },
                "legend": { "show": true },
                "rowsFrame": { "layout": "auto" },
                "showValue": "never",
                "cellGap": 1,
                "tooltip": { "mode": "single", "showColorScale": false, "yHistogram": true },
                "yAxis": { "unit": self.unit, "reverse": false, "axisPlacement": "left" },
            }),
            View::Table => json!({ "frameIndex": 0, "showHeader": true, "cellHeight": "sm" }),
        }
    }
}

/// A link, as Grafana has it.
pub(super) fn link(title: &str, url: &str) -> Value {
    json!({
        "title": title, "type": "link", "icon": "external link", "tooltip": "", "url": url, "tags": [],
        "asDropdown": false, "targetBlank": true, "includeVars": false, "keepTime": false,
    })
}
