//! What is wrong with log lines, or with who sends them, by the pipeline of `deploy/opensearch` in a real OpenSearch: all of it is kept and told, but
//! for what may hold values of a database.

use serde_json::{Value, json};

use support::folder::empty_folder;
use support::kibana;
use support::log_store::{ALL, shipped, stored, stream, with_kit};

/// What no document may have anything of.
const SECRET: &str = "hunter2";

/// What is sent, and what is to be found of it: in which stream, with which tags, and these fields.
struct Wrong {
    sent: Value,
    dataset: &'static str,
    tags: &'static [&'static str],
    fields: Value,
}

fn wrong(
    sent: Value,
    dataset: &'static str,
    tags: &'static [&'static str],
    fields: Value,
) -> Wrong {
    Wrong {
        sent,
        dataset,
        tags,
        fields,
    }
}

fn line(line: Value) -> Value {
    shipped(&line.to_string(), "application")
}

/// Whatever comes is kept, with what is wrong with it; but nothing of a database that may hold values.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_kept_and_told() {
    let folder = empty_folder("e2e_logs_wrong");
    let opensearch = with_kit(&folder).await;
    let head = |mut more: Value| {
        for (name, value) in [
            ("@timestamp", "2026-11-24T08:00:00Z"),
            ("log.level", "info"),
            ("message", "hello"),
        ] {
            if more.get(name).is_none() {
                more[name] = json!(value);
            }
        }
        more
    };
    let none = json!({ "message": "a line of the database that is none of its JSON log is not kept", "log.level": "error" });
    let cases = [
        wrong(
            shipped("thread 'main' panicked", "application"),
            "application",
            &["not_json"],
            json!({
                "message": "thread 'main' panicked", "event.kind": "pipeline_error", "host.name": "shop-1", "@timestamp": "2026-11-24T08:00:00.000Z",
            }),
        ),
        wrong(
            shipped("{\"cut\": \"off", "access"),
            "access",
            &["not_json"],
            json!({ "message": "{\"cut\": \"off" }),
        ),
        wrong(
            shipped("{\"a\":1} {\"b\":\"}{\"}", "application"),
            "application",
            &["not_json"],
            json!({ "message": "{\"a\":1} {\"b\":\"}{\"}" }),
        ),
        wrong(
            shipped("[1]", "application"),
            "application",
            &["not_json"],
            json!({ "message": "[1]" }),
        ),
        wrong(
            shipped("hunter2", "database"),
            "database",
            &["not_jsonlog"],
            none.clone(),
        ),
        wrong(
            shipped("{\"password\":\"hunter2\"}", "database"),
            "database",
            &["not_jsonlog"],
            none.clone(),
        ),
        wrong(
            shipped("{\"error_severity\":\"hunter2\"}", "application"),
            "database",
            &["not_jsonlog"],
            none,
        ),
        // Fields that nobody knows.
        wrong(
            line(head(
                json!({ "order": { "id": 17, "paid": true }, "a.b": [1, "two"] }),
            )),
            "application",
            &["unknown_field"],
            json!({
                "message": "hello", "labels": { "order_id": "17", "order_paid": "true", "a_b": "[1, two]" },
            }),
        ),
        // Values of other types than they should have.
        wrong(
            line(head(
                json!({ "event.duration": "soon", "trace.id": { "a": 1 }, "source.ip": "me", "labels": "no" }),
            )),
            "application",
            &["wrong_type"],
            json!({
                "labels": { "event_duration": "soon", "trace_id": "{a=1}", "source_ip": "me", "labels": "no" },
            }),
        ),
        // What means a value of the right type is one.
        wrong(
            line(head(
                json!({ "http": { "response": { "status_code": "404" } }, "event.duration": 17.0, "user.id": 7 }),
            )),
            "application",
            &[],
            json!({
                "http.response.status_code": 404, "event.duration": 17, "user.id": "7",
            }),
        ),
        // What is empty is not there.
        wrong(
            line(head(
                json!({ "trace.id": "", "span.id": null, "http.request.method": "-", "labels": { "a": null } }),
            )),
            "application",
            &[],
            json!({
                "trace.id": null, "span.id": null, "http.request.method": null, "labels": null,
            }),
        ),
        wrong(
            line(head(json!({ "@timestamp": "yesterday" }))),
            "application",
            &["no_timestamp"],
            json!({ "labels": { "@timestamp": "yesterday" } }),
        ),
        // A line cannot choose where it goes.
        wrong(
            line(head(
                json!({ "_index": "other", "_id": "1", "data_stream": { "namespace": "other" } }),
            )),
            "application",
            &["unknown_field"],
            json!({
                "data_stream.namespace": "production",
                "labels": { "line_index": "other", "line_id": "1", "data_stream_namespace": "other" },
            }),
        ),
        wrong(
            line(head(json!({ "event.dataset": "other" }))),
            "application",
            &[],
            json!({ "event.dataset": "other" }),
        ),
        // JSON in a message is a message.
        wrong(
            head(json!({ "message": "{\"a\":1}" })),
            "application",
            &[],
            json!({ "message": "{\"a\":1}" }),
        ),
        wrong(
            line(head(json!({ "message": "{\"a\":1}" }))),
            "application",
            &[],
            json!({ "message": "{\"a\":1}" }),
        ),
        wrong(
            json!({}),
            "application",
            &["no_timestamp"],
            json!({ "message": null }),
        ),
        wrong(
            line(head(json!({ "labels": { "long": "é".repeat(20_000) } }))),
            "application",
            &[],
            json!({
                "labels": { "long": format!("{}…", "é".repeat(8_000)) },
            }),
        ),
    ];
    let sent: Vec<Value> = cases.iter().map(|case| case.sent.clone()).collect();
    let found = stored(&opensearch, &stream("application", "production"), &sent).await;
    for (case, (index, document)) in cases.iter().zip(found) {
        let sent = &case.sent;
        assert!(
            index.contains(&stream(case.dataset, "production")),
            "{index}: {sent}"
        );
        let tags = document.get("tags").cloned().unwrap_or(json!([]));
        assert_eq!(tags, json!(case.tags), "{sent}");
        assert!(!format!("{document:?}").contains(SECRET), "{document:?}");
        for (name, value) in case.fields.as_object().expect("fields") {
            let expected = (!value.is_null()).then_some(value);
            assert_eq!(
                document.get(name),
                expected,
                "{name} of {sent}: {document:?}"
            );
        }
    }

    // What was put under labels is found there.
    for (query, number) in [
        ("labels.order_id:17", 1),
        ("labels.event_duration:soon", 1),
        ("tags:unknown_field", 2),
        ("event.kind:pipeline_error", 7),
        ("trace.id:*", 0),
    ] {
        let body = json!({ "query": kibana::lucene(query) }).to_string();
        let answer = opensearch
            .send("POST", &format!("{ALL}/_count"), &body)
            .await;
        assert_eq!(answer["count"], number, "{query}");
    }

    // Past the pipeline, what is unknown makes no field either, and what is no number is kept.
    let odd =
        json!({ "@timestamp": "2026-11-24T08:00:00Z", "new.field": 1, "event.duration": "soon" });
    let url = format!("{}/_mapping", stream("access", "production"));
    let before = opensearch.send("GET", &url, "").await;
    let path = format!("{}/_bulk?pipeline=_none", stream("access", "production"));
    let body = format!("{{\"create\":{{}}}}\n{odd}\n");
    let taken = opensearch.send("POST", &path, &body).await;
    assert_eq!(taken["errors"], false, "{taken}");
    assert_eq!(opensearch.send("GET", &url, "").await, before);
}
