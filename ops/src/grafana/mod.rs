//! What Grafana shows: dashboards, and where it asks.

mod api;
mod boxes;
mod business;
mod dashboard;
mod journey;
mod overview;
mod own;
mod panel;
mod provisioning;

use serde_json::{Value, json};

use crate::file::File;
use crate::grafana::dashboard::Dashboard;
use crate::kit::Kit;
use crate::parts::Parts;

/// Where panels ask: what is chosen on the dashboard.
const DATASOURCE: Datasource = Datasource;

struct Datasource;

impl Datasource {
    fn json(&self) -> Value {
        json!({ "type": "prometheus", "uid": "${datasource}" })
    }
}

/// The files for Grafana.
pub(crate) fn files(kit: &Kit, parts: &Parts) -> Vec<File> {
    let one = |dashboard: Dashboard| {
        let name = format!("grafana/dashboards/{}.json", kit.dashboard(dashboard.name));
        File::json(name, &dashboard.json(kit, parts))
    };
    let mut files: Vec<File> = dashboards(kit).into_iter().map(one).collect();
    files.extend(provisioning::files(kit));
    files
}

fn dashboards(kit: &Kit) -> Vec<Dashboard> {
    let mut all = vec![overview::dashboard(kit), api::dashboard(kit)];
    if kit.has_business() {
        all.extend([
            journey::dashboard(kit),
            business::dashboard(kit),
            boxes::dashboard(),
        ]);
    } else {
        all.extend(own::dashboard(kit));
    }
    all
}

/// The title and the file of each dashboard.
pub(crate) fn titles(kit: &Kit) -> Vec<(&'static str, String)> {
    let one = |dashboard: Dashboard| (dashboard.title, kit.dashboard(dashboard.name));
    dashboards(kit).into_iter().map(one).collect()
}

/// What is chosen on the dashboard, and these labels.
fn selector(labels: &str) -> String {
    let comma = if labels.is_empty() { "" } else { "," };
    format!("job=~\"$job\",environment=~\"$environment\",instance=~\"$instance\"{comma}{labels}")
}

/// A series of what is chosen, with these labels.
fn series(name: &str, labels: &str) -> String {
    format!("{name}{{{}}}", selector(labels))
}

/// How fast it grows, a second, together for each of these labels.
fn rate(by: &str, name: &str, labels: &str) -> String {
    format!(
        "sum by ({by}) (rate({}[$__rate_interval]))",
        series(name, labels)
    )
}

/// How much it has grown in the time that is shown.
fn increase(by: &str, name: &str, labels: &str) -> String {
    format!(
        "sum by ({by}) (increase({}[$__range]))",
        series(name, labels)
    )
}

/// A quantile of a histogram.
fn quantile(quantile: f64, by: &str, name: &str, labels: &str) -> String {
    let by = if by.is_empty() {
        "le".to_owned()
    } else {
        format!("{by}, le")
    };
    let buckets = rate(&by, &format!("{name}_bucket"), labels);
    format!("histogram_quantile({quantile}, {buckets})")
}

/// The mean of what a histogram saw.
fn mean(by: &str, name: &str, labels: &str) -> String {
    let part = |part: &str| rate(by, &format!("{name}_{part}"), labels);
    format!("{}\n/ {}", part("sum"), part("count"))
}
