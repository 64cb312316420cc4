//! Queries by sqlx with `init`, which has everything connected: alone in its file, since it installs what the process has one of.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::{LogFormat, Monitoring};
use serde_json::{Map, Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Row as _, SqlitePool};
use tracing::debug;

use support::alone;
use support::collector::Collector;
use support::exchange::{request, send};
use support::lines::{Lines, labels};

/// The lines so far, but for what the listener and the making of databases have.
async fn read(lines: &Lines, monitoring: &Monitoring) -> Vec<Map<String, Value>> {
    assert!(monitoring.flush(Duration::from_secs(20)).await.is_ok());
    let parse = |line: &String| serde_json::from_str(line).expect("JSON");
    let mut read: Vec<Map<String, Value>> = lines.all().iter().map(parse).collect();
    read.retain(|line| {
        let operation = labels(line).get("operation").cloned().unwrap_or_default();
        line["log.level"] != "info" && operation != "PRAGMA" && operation != "CREATE"
    });
    read
}

async fn database() -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(":memory:");
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None);
    let pool = pool.connect_with(options).await.expect("a database");
    sqlx::raw_sql("CREATE TABLE boxes (id INTEGER PRIMARY KEY, owner TEXT UNIQUE)")
        .execute(&pool)
        .await
        .expect("a table");
    pool
}

/// How many queries counted so.
fn count(monitoring: &Monitoring, operation: &str, outcome: &str) -> Option<u64> {
    let labels = [("operation", operation), ("outcome", outcome)];
    let times = monitoring
        .recorded()
        .histogram("db_query_duration_seconds", &labels)?;
    Some(times.count)
}

#[tokio::test]
async fn queries_of_sqlx() {
    if !alone!() {
        return;
    }
    let (collector, lines) = (Collector::start().await, Lines::default());
    let monitoring = Monitoring::builder("test")
        .without_listener()
        .logs(|logs| logs.writer(lines.clone()))
        .logs(|logs| logs.format(LogFormat::Ecs))
        .traces(|traces| traces.otlp_endpoint(collector.endpoint()))
        .logs(|logs| logs.filter("info,database=debug,globals=debug"))
        .init()
        .expect("a monitoring");
    those_that_a_service_says_are_one(&lines, &monitoring).await;
    spans_of_queries(&collector, &lines, &monitoring).await;
}

async fn those_that_a_service_says_are_one(lines: &Lines, monitoring: &Monitoring) {
    let work = async {
        let pool = database().await;
        let insert = sqlx::query("INSERT INTO boxes VALUES (1, 'mara')").execute(&pool);
        monitoring.query("INSERT boxes", insert).await.unwrap();
        let again = sqlx::query("INSERT INTO boxes VALUES (2, 'mara')").execute(&pool);
        assert!(monitoring.query("INSERT boxes", again).await.is_err());
        let all = sqlx::query("SELECT id FROM boxes WHERE owner = ?")
            .bind("mara")
            .fetch_all(&pool);
        let all = monitoring.query("SELECT boxes", all).await.unwrap();
        assert_eq!(all[0].get::<i64, _>(0), 1);
        let never = monitoring.query("SELECT never", std::future::pending::<Result<(), String>>());
        assert!(
            tokio::time::timeout(Duration::from_millis(1), never)
                .await
                .is_err()
        );
        drop(monitoring.query("DELETE unasked", async { Ok::<_, String>(()) }));
    };
    work.await;
    let read = read(lines, monitoring).await;
    let told: Vec<Value> = read
        .iter()
        .map(|line| {
            let mut labels = labels(line);
            // Of one that fails sqlx tells on another thread, which may be late.
            if line["event.outcome"] == "failure" {
                labels.retain(|name, _| name == "operation");
            }
            json!([
                line["message"],
                line["log.level"],
                line["event.outcome"],
                labels
            ])
        })
        .collect();
    let statement = "INSERT INTO boxes VALUES (?, ?)";
    let expected = json!([
        ["INSERT boxes", "debug", "success", {"operation": "INSERT", "rows": "1", "statement": statement}],
        ["INSERT boxes", "error", "failure", {"operation": "INSERT"}],
        ["SELECT boxes", "debug", "success", {
            "operation": "SELECT", "rows": "1", "statement": "SELECT id FROM boxes WHERE owner = ?",
        }],
        ["SELECT never", "debug", "unknown", {"operation": "SELECT"}],
    ]);
    assert_eq!(Value::Array(told), expected);
    let failed = read[1]["error.message"].as_str().unwrap();
    assert!(failed.contains("UNIQUE constraint failed"), "{failed}");
    for (operation, outcome, number) in [
        ("INSERT", "success", Some(1)),
        ("INSERT", "failure", Some(1)),
        ("SELECT", "success", Some(1)),
        ("SELECT", "cancelled", Some(1)),
        ("INSERT", "unknown", None), // not counted twice
        ("DELETE", "cancelled", None),
    ] {
        assert_eq!(
            count(monitoring, operation, outcome),
            number,
            "{operation} {outcome}"
        );
    }
}

/// A query is part of the trace of its request, its statement told of by another thread, as SQLite's is.
async fn spans_of_queries(collector: &Collector, lines: &Lines, monitoring: &Monitoring) {
    let before = read(lines, monitoring).await.len();
    let pool = database().await;
    let inside = monitoring.clone();
    let handler = async move || {
        let two = sqlx::query("SELECT 1 UNION SELECT 2").fetch_all(&pool);
        inside
            .query("SELECT numbers", two)
            .system("sqlite")
            .await
            .unwrap();
        debug!(
            db.query.text = "DELETE FROM boxes WHERE id = 4711",
            elapsed_secs = 0.25,
            "x"
        );
        let wrong = inside.query("UPDATE nothing", async { Err::<(), _>("no such table") });
        wrong.await.unwrap_err();
        debug!("after");
        "done"
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /")).await;
    let read = read(lines, monitoring).await.split_off(before);
    let spans = collector.spans();
    let find = |name: &str| {
        spans
            .iter()
            .find(|span| span.name == name)
            .unwrap_or_else(|| panic!("{name}: {spans:?}"))
    };
    let server = find("GET /");
    for (name, expected) in [
        (
            "SELECT numbers",
            &[
                ("db.operation.name", "SELECT"),
                ("db.query.summary", "SELECT numbers"),
                ("db.query.text", "SELECT ? UNION SELECT ?"),
                ("db.response.returned_rows", "2"),
                ("db.system.name", "sqlite"),
            ][..],
        ),
        (
            "DELETE",
            &[
                ("db.operation.name", "DELETE"),
                ("db.query.text", "DELETE FROM boxes WHERE id = ?"),
            ],
        ),
        (
            "UPDATE nothing",
            &[
                ("db.operation.name", "UPDATE"),
                ("db.query.summary", "UPDATE nothing"),
                ("error.type", "failure"),
            ],
        ),
    ] {
        let span = find(name);
        assert_eq!(span.parent(), server.id(), "{name}");
        assert_eq!(span.kind, 3, "a client's");
        assert_eq!(
            span.attributes(),
            support::traced::pairs(expected),
            "{name}"
        );
    }
    let past = find("DELETE");
    assert_eq!(
        past.end_time_unix_nano - past.start_time_unix_nano,
        250_000_000
    );
    for line in &read {
        assert_eq!(line["trace.id"], server.trace(), "{line:?}");
    }
    let of = |message: &str| read.iter().find(|line| line["message"] == message).unwrap();
    assert_eq!(of("SELECT numbers")["span.id"], find("SELECT numbers").id());
    assert_eq!(
        of("after")["span.id"],
        server.id(),
        "what was before is current again"
    );
    assert_eq!(spans.len(), 4, "{spans:?}");
}
