//! The dashboard: what the streams say at a glance, from all lines down to those that failed.

use serde_json::{Value, json};

use crate::elastic::kibana::chart::Chart;
use crate::elastic::kibana::{Kind, Object, search, source};
use crate::kit::Kit;

struct Panel {
    id: &'static str,
    title: &'static str,
    stream: &'static str,
    query: &'static str,
    chart: Chart,
}

const fn panel(
    id: &'static str,
    title: &'static str,
    [stream, query]: [&'static str; 2],
    chart: Chart,
) -> Panel {
    Panel {
        id,
        title,
        stream,
        query,
        chart,
    }
}

/// Those of the service itself: nginx has a line for each of them too.
const OWN: [&str; 2] = [".access", "NOT event.module:nginx"];
const NGINX: [&str; 2] = [".access", "event.module:nginx"];

/// Two beside each other.
const PANELS: [Panel; 10] = [
    panel(
        "lines",
        "Lines by stream",
        ["", "*"],
        Chart::Counts("event.dataset"),
    ),
    panel(
        "levels",
        "Lines by level",
        ["", "*"],
        Chart::Counts("log.level"),
    ),
    panel(
        "requests",
        "Requests by status",
        OWN,
        Chart::Counts("http.response.status_code"),
    ),
    panel("request-times", "Time of requests", OWN, Chart::Times),
    panel("routes", "Routes", OWN, Chart::Top("event.action")),
    panel(
        "nginx",
        "nginx: answers by status",
        NGINX,
        Chart::Counts("http.response.status_code"),
    ),
    panel(
        "queries",
        "Queries",
        [".database", "*"],
        Chart::Top("event.action"),
    ),
    panel(
        "query-errors",
        "Errors of the database",
        [".database", "event.outcome:failure"],
        Chart::Most("error.code"),
    ),
    panel(
        "logins",
        "Attempts to authenticate",
        [".authentication", "*"],
        Chart::Counts("event.outcome"),
    ),
    panel(
        "login-failures",
        "Why they failed",
        [".authentication", "event.outcome:failure"],
        Chart::Most("event.reason"),
    ),
];

/// In the grid of a dashboard, which is 48 wide.
const WIDTH: usize = 24;
const HEIGHT: usize = 12;

/// The dashboard and what is on it.
pub(crate) fn all(kit: &Kit) -> Vec<Object> {
    let mut objects: Vec<Object> = PANELS
        .iter()
        .map(|panel| visualization(kit, panel))
        .collect();
    objects.push(dashboard(kit));
    objects
}

fn visualization(kit: &Kit, panel: &Panel) -> Object {
    let title = format!("{}: {}", kit.job, panel.title);
    let data_view = format!("{}{}", kit.logs(), panel.stream);
    let (meta, reference) = source(&data_view, panel.query);
    Object {
        id: id(kit, panel),
        kind: Kind::Visualization,
        attributes: json!({
            "title": title,
            "visState": panel.chart.state(&title).to_string(),
            "uiStateJSON": "{}",
            "description": "",
            "version": 1,
            "kibanaSavedObjectMeta": meta,
        }),
        references: vec![reference],
    }
}

fn id(kit: &Kit, panel: &Panel) -> String {
    format!("{}.panel.{}", kit.logs(), panel.id)
}

fn dashboard(kit: &Kit) -> Object {
    let charts = PANELS
        .iter()
        .map(|panel| (Kind::Visualization, id(kit, panel)));
    let errors = (Kind::Search, search::id(kit, "errors"));
    let shown: Vec<(Kind, String)> = charts.chain([errors]).collect();
    let panels: Vec<Value> = (0..shown.len()).map(placed).collect();
    let references = shown.into_iter().enumerate();
    let references = references.map(|(place, (kind, id))| (name(place), kind, id));
    Object {
        id: format!("{}.dashboard", kit.logs()),
        kind: Kind::Dashboard,
        attributes: json!({
            "title": format!("{}: Logs", kit.job),
            "description": "What the service, nginx and the database wrote. A trace leads to Jaeger.",
            "panelsJSON": Value::from(panels).to_string(),
            "optionsJSON": json!({ "useMargins": true, "hidePanelTitles": false }).to_string(),
            "timeRestore": true,
            "timeFrom": "now-1h",
            "timeTo": "now",
            "refreshInterval": { "pause": false, "value": 30_000 },
            "hits": 0,
            "version": 1,
            "kibanaSavedObjectMeta": { "searchSourceJSON": json!({
                "query": { "query": "", "language": "lucene" },
                "filter": [],
            }).to_string() },
        }),
        references: references.collect(),
    }
}

fn name(place: usize) -> String {
    format!("panel_{place}")
}

/// The charts in two columns, and what comes last over both.
fn placed(place: usize) -> Value {
    let width = if place == PANELS.len() {
        2 * WIDTH
    } else {
        WIDTH
    };
    let number = place.to_string();
    json!({
        "version": "7.10.0",
        "panelIndex": number,
        "panelRefName": name(place),
        "gridData": {
            "x": place % 2 * WIDTH,
            "y": place / 2 * HEIGHT,
            "w": width,
            "h": HEIGHT,
            "i": number,
        },
        "embeddableConfig": {},
    })
}
