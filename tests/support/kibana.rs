//! What the objects for Kibana ask a store, as Kibana does.

use serde_json::{Map, Value, json};

/// The objects of an export, without its last line.
pub fn objects(export: &str) -> Vec<Value> {
    let lines = export.lines().map(|line| parsed(&Value::from(line)));
    lines.filter(|object| object["type"].is_string()).collect()
}

/// A text that is JSON.
fn parsed(text: &Value) -> Value {
    let text = text.as_str().expect("a text");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The indices in which a search or a visualization looks, and its query.
pub fn asked(objects: &[Value], object: &Value) -> (String, String) {
    let source = parsed(&object["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"]);
    assert_eq!(source["query"]["language"], "lucene");
    let query = source["query"]["query"].as_str().expect("a query");
    let references = object["references"].as_array().expect("references");
    let view = references
        .iter()
        .find(|one| one["name"] == source["indexRefName"]);
    let view = &view.expect("a data view")["id"];
    let view = objects.iter().find(|one| one["id"] == *view);
    let pattern = view.expect("it is there")["attributes"]["title"].as_str();
    (pattern.expect("a pattern").to_owned(), query.to_owned())
}

/// A query of Lucene.
pub fn lucene(query: &str) -> Value {
    json!({ "query_string": { "query": query } })
}

/// What a visualization has counted: one inside of the other as they are written, and the numbers in the innermost.
pub fn aggregations(visualization: &Value) -> Value {
    let state = parsed(&visualization["attributes"]["visState"]);
    let all = state["aggs"].as_array().expect("aggs");
    let (numbers, buckets): (Vec<&Value>, Vec<&Value>) =
        all.iter().partition(|agg| agg["schema"] == "metric");
    let mut inner = Map::new();
    for number in numbers.into_iter().filter(|agg| agg["type"] != "count") {
        inner.insert(name(number), aggregation(number));
    }
    for bucket in buckets.into_iter().rev() {
        let mut outer = aggregation(bucket);
        outer["aggs"] = Value::Object(inner);
        inner = Map::new();
        inner.insert(name(bucket), outer);
    }
    Value::Object(inner)
}

/// Whether something was counted somewhere, all the way in.
pub fn counted(asked: &Value, answered: &Value) -> bool {
    let mut asked = asked.as_object().into_iter().flatten();
    asked.all(|(name, agg)| {
        let found = &answered[name];
        let numbers = found["values"].as_object().into_iter().flatten();
        match found["buckets"].as_array() {
            Some(buckets) => buckets.iter().any(|bucket| counted(&agg["aggs"], bucket)),
            None => {
                found["value"].is_number()
                    || numbers.into_iter().any(|(_, number)| number.is_number())
            }
        }
    })
}

fn name(agg: &Value) -> String {
    agg["id"].as_str().expect("an id").to_owned()
}

fn aggregation(agg: &Value) -> Value {
    let kind = agg["type"].as_str().expect("a type");
    let params = &agg["params"];
    let field = &params["field"];
    let inner = match kind {
        "date_histogram" => json!({ "field": field, "fixed_interval": "1m", "min_doc_count": 1 }),
        "terms" => {
            assert_eq!(params["orderBy"], "1", "by the count");
            json!({ "field": field, "size": params["size"], "order": { "_count": params["order"] } })
        }
        "percentiles" => json!({ "field": field, "percents": params["percents"] }),
        _ => json!({ "field": field }),
    };
    json!({ kind: inner })
}
