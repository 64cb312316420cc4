//! What Grafana shows: `ops/dashboards/`, filled. Dashboards, and where they ask.
//!
//! A dashboard is in Grafana's own JSON model. A panel writes what is particular to it; all else is in the file of its type,
//! `dashboards/panels/TYPE.json`, which the panel is merged over. Its id and its place come by its order.

mod layout;
mod own;

use serde_json::{Value, json};

use crate::error::Error;
use crate::file::File;
use crate::kit::Kit;
use crate::parts::Parts;
use crate::template;

/// The dashboards, by the end of their uids and of their files' names.
const OVERVIEW: (&str, &str) = (
    "system-overview",
    include_str!("../../dashboards/system-overview.json"),
);
const API: (&str, &str) = (
    "api-performance",
    include_str!("../../dashboards/api-performance.json"),
);
const JOURNEY: (&str, &str) = (
    "user-journey",
    include_str!("../../dashboards/user-journey.json"),
);
const BUSINESS: (&str, &str) = (
    "business-metrics",
    include_str!("../../dashboards/business-metrics.json"),
);
const BOXES: (&str, &str) = (
    "box-lifecycle",
    include_str!("../../dashboards/box-lifecycle.json"),
);
const OWN: (&str, &str) = (
    "own-metrics",
    include_str!("../../dashboards/own-metrics.json"),
);

/// What all dashboards have.
const FRAME: &str = include_str!("../../dashboards/dashboard.json");

/// Where the dashboards of a kit are.
const FOLDER: &str = "grafana/dashboards/";

/// The files for Grafana.
pub(crate) fn files(kit: &Kit, parts: &Parts) -> Result<Vec<File>, Error> {
    let mut dashboards = vec![OVERVIEW, API];
    if kit.has_business() {
        dashboards.extend([JOURNEY, BUSINESS, BOXES]);
    } else if !kit.metrics.is_empty() {
        dashboards.push(OWN);
    }
    let mut files = Vec::new();
    for (name, source) in dashboards {
        files.push(dashboard(kit, parts, name, source)?);
    }
    for (path, source) in [
        (
            "grafana/provisioning/datasources/ecolaura.yml",
            include_str!("../../dashboards/datasources.yml"),
        ),
        (
            "grafana/provisioning/dashboards/ecolaura.yml",
            include_str!("../../dashboards/providers.yml"),
        ),
    ] {
        files.push(template::file(
            path,
            source,
            kit,
            json!({ "logs": kit.logs() }),
        )?);
    }
    Ok(files)
}

/// The titles of the dashboards among these files.
pub(crate) fn titles(kit: &Kit, files: &[File]) -> Vec<String> {
    let dashboards = files.iter().filter(|file| file.path.starts_with(FOLDER));
    let title = |file: &File| {
        let dashboard: Value = serde_json::from_str(&file.text).ok()?;
        let title = dashboard["title"].as_str()?;
        let own = title.strip_prefix(&format!("{} / ", kit.job));
        Some(own.unwrap_or(title).to_owned())
    };
    dashboards.filter_map(title).collect()
}

fn dashboard(kit: &Kit, parts: &Parts, name: &str, source: &str) -> Result<File, Error> {
    let uid = kit.dashboard(name);
    let path = format!("{FOLDER}{uid}.json");
    let objective =
        |slo: &crate::Slo| json!({ "name": slo.name, "budget": slo.budget().to_string() });
    let values = json!({
        "name": name,
        "uid": uid,
        "api": kit.dashboard(API.0),
        "runbooks": kit.runbooks,
        "has": parts.values(),
        "objectives": kit.objectives.iter().map(objective).collect::<Vec<_>>(),
        "metrics": kit.metrics.iter().map(own::values).collect::<Vec<_>>(),
    });
    let mut whole = template::value(&path, FRAME, kit, values.clone())?;
    layout::merge(&mut whole, template::value(&path, source, kit, values)?);
    let panels = whole["panels"].take();
    whole["panels"] = Value::from(layout::placed(panels)?);
    Ok(File::json(path, &whole))
}
