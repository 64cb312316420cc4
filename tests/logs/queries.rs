//! Queries of databases are timed, have spans, and lines that do not tell the values in them.

use std::time::Duration;

use ecolaura_monitoring::Monitoring;
use serde_json::{Value, json};
use tracing::debug;

use support::lines::{labels, logged, within, written};

/// How many queries counted so.
fn count(monitoring: &Monitoring, operation: &str, outcome: &str) -> Option<u64> {
    let labels = [("operation", operation), ("outcome", outcome)];
    let times = monitoring
        .recorded()
        .histogram("db_query_duration_seconds", &labels)?;
    Some(times.count)
}

/// What an event of sqlx, or of who does as it does, tells.
#[test]
fn events_of_queries() {
    let (lines, monitoring) = logged(|builder| {
        builder
            .logs(|logs| logs.filter("off,database=debug"))
            .logs(|logs| logs.slow_query(Duration::from_millis(500)))
    });
    within(&monitoring, || {
        debug!(
            target: "sqlx::query", summary = "SELECT * FROM boxes …",
            db.statement = "\n\nSELECT\n  *\nFROM boxes WHERE owner = 'hunter2' AND id = 4711\n",
            rows_affected = 0u64, rows_returned = 3u64, elapsed = ?Duration::from_millis(2),
            elapsed_secs = 0.002, "summary"
        );
        debug!(
            db.statement = "",
            summary = "BEGIN",
            elapsed_secs = 0.5,
            rows_affected = 2u64,
            "x"
        );
        debug!(
            db.query.text = "INSERT INTO a VALUES ('hunter2')",
            elapsed_secs = 1e-6,
            error = "no room for 'hunter2@example.org'",
            "x"
        );
        debug!(db.statement = "no time, so no query", "x");
    });
    let read = written(&lines, &monitoring);
    assert_eq!(read.len(), 3);
    let mut first = read[0].clone();
    first.remove("@timestamp");
    let statement = "SELECT * FROM boxes WHERE owner = ? AND id = ?";
    let expected = json!({
        "log.level": "debug",
        "message": statement,
        "ecs.version": "9.4.0",
        "service.name": "test",
        "event.dataset": "database",
        "event.kind": "event",
        "event.category": ["database"],
        "event.type": ["access"],
        "event.outcome": "unknown",
        "event.duration": 2_000_000,
        "labels": {"operation": "SELECT", "statement": statement, "rows": "3"},
    });
    assert_eq!(Value::Object(first), expected);
    assert_eq!(read[1]["log.level"], "warn", "it was slow");
    assert_eq!(labels(&read[1])["operation"], "BEGIN");
    assert_eq!(read[2]["log.level"], "error");
    assert_eq!(read[2]["event.type"], json!(["error"]));
    assert_eq!(read[2]["event.outcome"], "failure");
    assert!(!lines.all().join("").contains("hunter2"));
    for (operation, outcome) in [
        ("SELECT", "unknown"),
        ("BEGIN", "unknown"),
        ("INSERT", "failure"),
    ] {
        assert_eq!(
            count(&monitoring, operation, outcome),
            Some(1),
            "{operation}"
        );
    }
    let of_selects = [("operation", "SELECT")];
    let recorded = monitoring.recorded();
    let times = recorded.histogram("db_query_duration_seconds", &of_selects);
    assert_eq!(times.unwrap().sum, 0.002);
}

/// Lines are told of as the filter says; times are told of all.
#[test]
fn only_slow_and_failed_queries_have_lines() {
    let (lines, monitoring) = logged(|builder| builder);
    within(&monitoring, || {
        for seconds in [0.9, 1.0] {
            debug!(db.query.text = "SELECT 1", elapsed_secs = seconds, "x");
        }
        debug!(db.query.text = "SELECT 1", elapsed_secs = f64::NAN, "x");
        debug!(
            db.query.text = "SELECT 1",
            elapsed_secs = -1.0,
            error = "wrong",
            "x"
        );
    });
    let read = written(&lines, &monitoring);
    let levels: Vec<_> = read.iter().map(|line| &line["log.level"]).collect();
    assert_eq!(levels, ["warn", "error"]);
    assert_eq!(count(&monitoring, "SELECT", "unknown"), Some(3));
}

/// Work that a query has begun tells of its own queries, once that one has ended.
#[test]
fn work_that_outlives_a_query() {
    use tracing::Instrument as _;
    let (_, monitoring) = logged(|builder| builder);
    within(&monitoring, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (begin, begun) = tokio::sync::oneshot::channel();
            let query = async {
                let work = async move {
                    begun.await.unwrap();
                    debug!(db.query.text = "DELETE FROM boxes", elapsed_secs = 0.0, "x");
                };
                Ok::<_, String>(tokio::spawn(work.in_current_span()))
            };
            let work = monitoring.query("SELECT boxes", query).await.unwrap();
            begin.send(()).unwrap();
            work.await.unwrap();
        });
    });
    assert_eq!(count(&monitoring, "SELECT", "success"), Some(1));
    assert_eq!(count(&monitoring, "DELETE", "unknown"), Some(1));
}

/// What is told of a query while it is dropped, as sqlx does, is part of it.
#[test]
fn a_query_that_is_dropped_is_told_once() {
    struct Told;
    impl Drop for Told {
        fn drop(&mut self) {
            debug!(db.query.text = "SELECT 1", elapsed_secs = 0.5, "x");
        }
    }
    let (lines, monitoring) = logged(|builder| builder.logs(|logs| logs.filter("database=debug")));
    within(&monitoring, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let query = async {
                let _told = Told;
                std::future::pending::<Result<(), String>>().await
            };
            let query = monitoring.query("SELECT one", query);
            let end = tokio::time::timeout(Duration::from_millis(1), query);
            assert!(end.await.is_err());
        });
    });
    assert_eq!(count(&monitoring, "SELECT", "cancelled"), Some(1));
    assert_eq!(count(&monitoring, "SELECT", "unknown"), None);
    let read = written(&lines, &monitoring);
    assert_eq!(read.len(), 1, "{read:?}");
    assert_eq!(labels(&read[0])["statement"], "SELECT ?");
}

/// Of what changes rows, those that were changed; of what reads, those that were read, whatever was changed before.
#[test]
fn rows_that_a_query_is_about() {
    let (lines, monitoring) = logged(|builder| builder.logs(|logs| logs.filter("database=debug")));
    within(&monitoring, || {
        for (sql, affected, returned) in [
            ("SELECT 1", 7u64, 2u64),
            ("SELECT 1", 7, 0),
            ("UPDATE a SET b = 1", 3, 0),
            ("INSERT INTO a VALUES (1) RETURNING b", 1, 1),
        ] {
            debug!(
                db.query.text = sql,
                rows_affected = affected,
                rows_returned = returned,
                elapsed_secs = 0.1,
                "x"
            );
        }
    });
    let read = written(&lines, &monitoring);
    let rows: Vec<_> = read
        .iter()
        .map(|line| labels(line)["rows"].clone())
        .collect();
    assert_eq!(rows, ["2", "0", "3", "1"]);
}

#[test]
fn a_query_that_panics_has_failed() {
    let (_, monitoring) = logged(|builder| builder);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let query = monitoring.query("SELECT one", async {
        if true {
            panic!("no");
        }
        Ok::<_, String>(())
    });
    let run = std::panic::AssertUnwindSafe(|| runtime.block_on(query));
    assert!(std::panic::catch_unwind(run).is_err());
    assert_eq!(count(&monitoring, "SELECT", "failure"), Some(1));
    assert_eq!(count(&monitoring, "SELECT", "cancelled"), None);
}

#[test]
fn a_query_that_waits_while_something_else_panics_is_cancelled() {
    let (_, monitoring) = logged(|builder| builder);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let waiting = monitoring.query("SELECT one", std::future::pending::<Result<(), String>>());
    let both = async {
        let _ = tokio::join!(waiting, async { panic!("no") });
    };
    let run = std::panic::AssertUnwindSafe(|| runtime.block_on(both));
    assert!(std::panic::catch_unwind(run).is_err());
    assert_eq!(count(&monitoring, "SELECT", "cancelled"), Some(1));
    assert_eq!(count(&monitoring, "SELECT", "failure"), None);
}
