//! What a chart counts, and how it is drawn.

use serde_json::{Value, json};

/// What is shown.
#[derive(Clone, Copy)]
pub(crate) enum Chart {
    /// How many lines there were over time, by the values of a field.
    Counts(&'static str),
    /// How long they took over time: half of them, and all but 5 % and 1 %.
    Times,
    /// The most frequent values of a field, how many lines each has, and how long they took.
    Top(&'static str),
    /// The same without times.
    Most(&'static str),
}

/// How many values of a field are shown beside each other, and below each other.
const FEW: u32 = 8;
const MANY: u32 = 20;

impl Chart {
    /// The state of the visualization with this title.
    pub(crate) fn state(self, title: &str) -> Value {
        let (kind, params, aggs) = match self {
            Self::Counts(field) => (
                "histogram",
                axes("histogram", "stacked"),
                vec![count(), over_time(), terms("group", field, FEW)],
            ),
            Self::Times => (
                "line",
                axes("line", "normal"),
                vec![
                    metric("1", "percentiles", json!({ "percents": [50, 95, 99] })),
                    over_time(),
                ],
            ),
            Self::Top(field) => (
                "table",
                table(),
                vec![
                    count(),
                    terms("bucket", field, MANY),
                    metric("4", "percentiles", json!({ "percents": [50, 95] })),
                    metric("5", "sum", json!({})),
                ],
            ),
            Self::Most(field) => (
                "table",
                table(),
                vec![count(), terms("bucket", field, MANY)],
            ),
        };
        json!({ "title": title, "type": kind, "params": params, "aggs": aggs })
    }
}

fn agg(id: &str, kind: &str, schema: &str, params: Value) -> Value {
    json!({ "id": id, "enabled": true, "type": kind, "schema": schema, "params": params })
}

fn count() -> Value {
    agg("1", "count", "metric", json!({}))
}

/// A number made of the times that lines tell of.
fn metric(id: &str, kind: &str, mut params: Value) -> Value {
    params["field"] = json!("event.duration");
    agg(id, kind, "metric", params)
}

fn over_time() -> Value {
    let params = json!({
        "field": "@timestamp",
        "interval": "auto",
        "useNormalizedEsInterval": true,
        "drop_partials": false,
        "min_doc_count": 1,
        "extended_bounds": {},
    });
    agg("2", "date_histogram", "segment", params)
}

fn terms(schema: &str, field: &str, size: u32) -> Value {
    let params = json!({
        "field": field,
        "orderBy": "1",
        "order": "desc",
        "size": size,
        "otherBucket": false,
        "otherBucketLabel": "Other",
        "missingBucket": false,
        "missingBucketLabel": "Missing",
    });
    agg("3", "terms", schema, params)
}

fn table() -> Value {
    json!({
        "perPage": 10,
        "showPartialRows": false,
        "showMetricsAtAllLevels": false,
        "showTotal": false,
        "totalFunc": "sum",
        "percentageCol": "",
    })
}

fn axes(kind: &str, mode: &str) -> Value {
    let labels =
        |rotate: u32| json!({ "show": true, "filter": true, "truncate": 100, "rotate": rotate });
    json!({
        "type": kind,
        "grid": { "categoryLines": false },
        "categoryAxes": [{
            "id": "CategoryAxis-1",
            "type": "category",
            "position": "bottom",
            "show": true,
            "style": {},
            "scale": { "type": "linear" },
            "labels": labels(0),
            "title": {},
        }],
        "valueAxes": [{
            "id": "ValueAxis-1",
            "name": "LeftAxis-1",
            "type": "value",
            "position": "left",
            "show": true,
            "style": {},
            "scale": { "type": "linear", "mode": "normal" },
            "labels": labels(0),
            "title": { "text": "" },
        }],
        "seriesParams": [{
            "show": true,
            "type": kind,
            "mode": mode,
            "data": { "label": "", "id": "1" },
            "valueAxis": "ValueAxis-1",
            "drawLinesBetweenPoints": true,
            "lineWidth": 2,
            "showCircles": true,
        }],
        "addTooltip": true,
        "addLegend": true,
        "legendPosition": "right",
        "times": [],
        "addTimeMarker": false,
        "labels": { "show": false },
        "thresholdLine": { "show": false, "value": 10, "width": 1, "style": "full", "color": "#E7664C" },
    })
}
