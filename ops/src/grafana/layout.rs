//! Panels made whole: each merged over the file of its type, and placed beside and below the others.

use serde_json::{Value, json};

use crate::error::Error;

/// What panels of each type have unless they say otherwise.
const TYPES: [(&str, &str); 6] = [
    (
        "bargauge",
        include_str!("../../dashboards/panels/bargauge.json"),
    ),
    (
        "heatmap",
        include_str!("../../dashboards/panels/heatmap.json"),
    ),
    ("row", include_str!("../../dashboards/panels/row.json")),
    ("stat", include_str!("../../dashboards/panels/stat.json")),
    ("table", include_str!("../../dashboards/panels/table.json")),
    (
        "timeseries",
        include_str!("../../dashboards/panels/timeseries.json"),
    ),
];

/// The same of a link of a field.
const LINK: &str = include_str!("../../dashboards/panels/link.json");

/// The width of a dashboard.
const COLUMNS: u64 = 24;

/// Puts a value over another one: objects are merged, all else is replaced.
pub(super) fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

/// The panels as Grafana takes them. A row begins a line.
pub(super) fn placed(panels: Value) -> Result<Vec<Value>, Error> {
    place_all(panels, &mut Place::default())
}

fn place_all(panels: Value, place: &mut Place) -> Result<Vec<Value>, Error> {
    let Value::Array(panels) = panels else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for panel in panels {
        let mut panel = whole(panel)?;
        let is_row = panel["type"] == "row";
        if is_row {
            place.end_of_line();
        }
        place.put(&mut panel);
        if is_row {
            let inside = panel["panels"].take();
            panel["panels"] = Value::from(place_all(inside, place)?);
        }
        all.push(panel);
    }
    Ok(all)
}

/// A panel over the defaults of its type.
fn whole(panel: Value) -> Result<Value, Error> {
    let name = panel["type"].as_str().unwrap_or_default();
    let known = TYPES.iter().find(|(kind, _)| *kind == name);
    let mut base = match known {
        Some((_, defaults)) => parsed(defaults)?,
        None => json!({ "id": 0, "gridPos": { "h": 8, "w": 12, "x": 0, "y": 0 } }),
    };
    let target = base["targets"][0].clone();
    merge(&mut base, panel);
    if let Some(targets) = base.get_mut("targets").and_then(Value::as_array_mut) {
        for (own, id) in targets.iter_mut().zip('A'..='Z') {
            let mut whole = target.clone();
            whole["refId"] = json!(id.to_string());
            merge(&mut whole, own.take());
            *own = whole;
        }
    }
    let links = base.pointer_mut("/fieldConfig/defaults/links");
    for own in links.and_then(Value::as_array_mut).into_iter().flatten() {
        let mut whole = parsed(LINK)?;
        merge(&mut whole, own.take());
        *own = whole;
    }
    Ok(base)
}

fn parsed(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::new(format!("dashboards/panels: {error}")))
}

/// Where the next panel is.
#[derive(Default)]
struct Place {
    id: u64,
    x: u64,
    y: u64,
    height: u64,
}

impl Place {
    fn put(&mut self, panel: &mut Value) {
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap_or(1);
        let (width, height) = (side("w"), side("h"));
        if self.x + width > COLUMNS {
            self.end_of_line();
        }
        self.id += 1;
        panel["id"] = json!(self.id);
        panel["gridPos"]["x"] = json!(self.x);
        panel["gridPos"]["y"] = json!(self.y);
        self.x += width;
        self.height = self.height.max(height);
    }

    fn end_of_line(&mut self) {
        self.x = 0;
        self.y += std::mem::take(&mut self.height);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{TYPES, parsed, placed};

    #[test]
    fn defaults_are_of_their_type() {
        for (kind, defaults) in TYPES {
            assert_eq!(parsed(defaults).expect("JSON")["type"], kind);
        }
    }

    #[test]
    fn panels_flow() {
        let panels = json!([
            { "type": "row", "title": "One" },
            { "type": "timeseries", "targets": [{ "expr": "up" }, { "expr": "down", "refId": "X" }] },
            { "type": "timeseries", "gridPos": { "w": 13 } },
            { "type": "row", "collapsed": true, "panels": [{ "type": "news" }] },
        ]);
        let placed = placed(panels).expect("panels");
        let at: Vec<_> = placed
            .iter()
            .map(|panel| (&panel["id"], &panel["gridPos"]["x"], &panel["gridPos"]["y"]))
            .map(|(id, x, y)| [id, x, y].map(|number| number.as_u64().expect("a number")))
            .collect();
        assert_eq!(at, [[1, 0, 0], [2, 0, 1], [3, 0, 9], [4, 0, 17]]);
        assert_eq!(placed[1]["targets"][0]["refId"], "A");
        assert_eq!(placed[1]["targets"][1]["refId"], "X");
        assert_eq!(placed[3]["panels"][0]["gridPos"]["y"], 18);
    }
}
