//! A real PostgreSQL writes its log as `deploy/postgresql` says, and a real OpenSearch takes it through the pipeline of
//! `deploy/opensearch`: each statement is a line that keeps to the contract, says what happened, and holds no value of it.

use serde_json::{Map, Value, json};

use support::ecs;
use support::folder::empty_folder;
use support::opensearch::OpenSearch;
use support::postgres::Postgres;

const PIPELINE: &str =
    include_str!("../../deploy/opensearch/_ingest/pipeline/logs-ecolaura_api.postgresql.json");

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// What no document may have anything of.
const SECRET: &str = "hunter2";

/// A statement, and what is to be told of it.
struct Case {
    sql: &'static str,
    operation: &'static str,
    /// Nothing where it cannot be told what is a value.
    statement: Option<&'static str>,
    /// The code and the text of an error.
    error: Option<(&'static str, &'static str)>,
}

const fn case(sql: &'static str, operation: &'static str, statement: &'static str) -> Case {
    Case {
        sql,
        operation,
        statement: Some(statement),
        error: None,
    }
}

impl Case {
    const fn fails(self, code: &'static str, message: &'static str) -> Self {
        Self {
            error: Some((code, message)),
            ..self
        }
    }

    const fn untold(self) -> Self {
        Self {
            statement: None,
            ..self
        }
    }
}

const CASES: &[Case] = &[
    case(
        "CREATE TABLE users (email text PRIMARY KEY, token text, logins int DEFAULT 0)",
        "CREATE",
        "CREATE TABLE users (email text PRIMARY KEY, token text, logins int DEFAULT ?)",
    ),
    case(
        "INSERT INTO users VALUES ('a@hunter2', 'hunter2', 17), ('b@hunter2', E'it\\'s hunter2', -1.5e+3);",
        "INSERT",
        "INSERT INTO users VALUES (?, ?, ?), (?, ?, -?)",
    ),
    case(
        "INSERT INTO users VALUES ('a@hunter2')",
        "INSERT",
        "INSERT INTO users VALUES (?)",
    )
    .fails("23505", "duplicate key value violates unique constraint \"users_pkey\""),
    case(
        "select token,\n\n\tlogins + 1 from \"users\" as u2 -- hunter2\n where email = 'a@hunter2' and $a$hunter2$a$ <> $$'hunter2$$ ;\n",
        "SELECT",
        "select token, logins + ? from \"users\" as u2 where email = ? and ? <> ?",
    ),
    case(
        "UPDATE users SET token = 'O''Hara hunter2', logins = .5 WHERE email = U&'\\0061' OR token = B'01'::text",
        "UPDATE",
        "UPDATE users SET token = ?, logins = ? WHERE email = U&? OR token = ?::text",
    ),
    case(
        "WITH gone AS (DELETE FROM users WHERE token = 'hunter2' RETURNING *) SELECT count(*) FROM gone",
        "SELECT",
        "WITH gone AS (DELETE FROM users WHERE token = ? RETURNING *) SELECT count(*) FROM gone",
    ),
    case(
        "/* a list /* hunter2 */ */ (SELECT 1) UNION (SELECT 2)",
        "SELECT",
        "(SELECT ?) UNION (SELECT ?)",
    ),
    case(
        "CREATE ROLE clerk PASSWORD 'hunter2'",
        "CREATE",
        "CREATE ROLE clerk PASSWORD ?",
    ),
    case("select pg_sleep(0.12)", "SELECT", "select pg_sleep(?)"),
    case("select 'hunter2'::int", "SELECT", "select ?::int")
        .fails("22P02", "invalid input syntax for type integer: ?"),
    case("select 1/0", "SELECT", "select ?/?").fails("22012", "division by zero"),
    case("select * from nowhere where a = 'hunter2'", "SELECT", "select * from nowhere where a = ?")
        .fails("42P01", "relation \"nowhere\" does not exist"),
    case(
        "select * from users where token = \"hunter2\"",
        "SELECT",
        "select * from users where token = ?",
    )
    .fails("42703", "column ? does not exist"),
    case("select 'it's hunter2, hunter2'", "SELECT", "")
        .untold()
        .fails("42601", "syntax error at or near ?"),
    case("select 'hunter2", "SELECT", "")
        .untold()
        .fails("42601", "unterminated quoted string at or near ?"),
    case("hunter2 'hunter2'", "OTHER", "").untold().fails("42601", "syntax error at or near ?"),
    case(
        "do $$ begin raise exception 'not \"%\"', 'hunter2' using detail = 'hunter2', hint = 'hunter2'; end $$",
        "DO",
        "do ?",
    )
    .fails("P0001", "not ?"),
    case(
        "select '/*traceparent=''00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01''*/'",
        "SELECT",
        "select ?",
    ),
    case(
        "select 2 /*traceparent='00-00000000000000000000000000000000-00f067aa0ba902b7-01'*/",
        "SELECT",
        "select ?",
    ),
    case("select 'é', 'naïve' as \"naïve\"", "SELECT", "select ?, ? as \"naïve\""),
];

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_told_and_their_values_are_not() {
    let folder = empty_folder("e2e_postgresql");
    let (postgres, opensearch) = tokio::join!(Postgres::start(&folder), OpenSearch::start(&folder));
    opensearch.put_pipeline("postgresql", PIPELINE).await;

    let statements: Vec<&str> = CASES.iter().map(|case| case.sql).collect();
    postgres.run("cases", &statements);
    let comment = format!("select 3 /*db_driver='hunter2',traceparent='00-{TRACE}-{SPAN}-01'*/");
    postgres.run("traced", &[&comment]);
    let name = format!("00-{TRACE}-{SPAN}-01");
    postgres.run(&name, &["select 4"]);
    let careful = "do $$ begin raise warning 'careful with \"%\"', 'hunter2'; end $$";
    postgres.run("warned", &[careful]);
    let long = format!("select {}", "1, ".repeat(1_000) + "'the end'");
    postgres.run("long", &[&long]);
    postgres.run_prepared(
        &folder,
        "select length(:token) /* prepared */;",
        &["token='hunter2'"],
    );
    postgres.run("last", &["select 'the last one'"]);

    let lines = postgres.lines_until("the last one").await;
    let documents = documents(&opensearch, &lines).await;
    let of = |name: &str| -> Vec<(&Value, &Map<String, Value>)> {
        let pairs = lines.iter().zip(&documents);
        pairs
            .filter(|(line, _)| line["application_name"] == name)
            .collect()
    };

    let told = of("cases");
    assert_eq!(told.len(), CASES.len(), "{told:#?}");
    for (case, (line, document)) in CASES.iter().zip(told) {
        assert_eq!(*document, expected(case, line), "{}", case.sql);
    }
    let slow = documents
        .iter()
        .find(|one| one["message"] == "select pg_sleep(?)");
    let slow = slow.expect("a slow statement")["event.duration"].as_i64();
    assert!(slow.is_some_and(|took| took > 120_000_000), "{slow:?}");

    for (name, statement) in [("traced", "select ?"), (&name, "select ?")] {
        let [(line, document)] = of(name)[..] else {
            panic!("not one line of {name}");
        };
        let mut expected = expected(&case("", "SELECT", statement), line);
        expected.insert("trace.id".to_owned(), json!(TRACE));
        expected.insert("span.id".to_owned(), json!(SPAN));
        assert_eq!(*document, expected);
    }

    let [(_, warning), (_, statement)] = of("warned")[..] else {
        panic!("not two lines");
    };
    assert_eq!(warning["log.level"], "warn");
    assert_eq!(warning["message"], "careful with ?");
    assert_eq!(statement["labels"]["statement"], "do ?");

    let [(_, long)] = of("long")[..] else {
        panic!("not one line");
    };
    let text = long["labels"]["statement"].as_str().expect("text");
    assert_eq!(text.chars().count(), 2_001);
    assert!(
        text.ends_with("?, ?…") || text.ends_with(",…") || text.ends_with(" …"),
        "{text}"
    );

    steps_of_a_prepared_statement(&of("pgbench"));
}

/// Drivers send a statement in three steps, each of which takes its time; its parameters are in none of them.
fn steps_of_a_prepared_statement(told: &[(&Value, &Map<String, Value>)]) {
    let told = told
        .iter()
        .filter(|(line, _)| line["message"].to_string().contains("prepared"));
    let told: Vec<_> = told.collect();
    let details = told
        .iter()
        .filter(|(line, _)| line["detail"].to_string().contains(SECRET));
    assert_ne!(
        details.count(),
        0,
        "the parameters were logged, to be dropped: {told:#?}"
    );
    let steps: Vec<_> = told
        .iter()
        .map(|(_, document)| document["labels"].get("step"))
        .collect();
    assert_eq!(steps, [Some(&json!("parse")), Some(&json!("bind")), None]);
    for (_, document) in told {
        assert_eq!(document["labels"]["statement"], "select length($1)");
        assert_eq!(document["labels"]["operation"], "SELECT");
        assert_eq!(document["event.outcome"], "success");
    }
}

/// What is no line of the log is refused, and not stored with all that it may hold.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_line_of_the_log_is_refused() {
    let folder = empty_folder("e2e_postgresql_refused");
    let opensearch = OpenSearch::start(&folder).await;
    opensearch.put_pipeline("postgresql", PIPELINE).await;
    let refused = [
        json!({ "message": "hunter2" }),
        json!({ "error_severity": "LOG" }),
        json!({}),
    ];
    for result in opensearch.through("postgresql", &refused).await {
        let reason = result.expect_err("it is refused");
        assert!(reason.contains("not a line of jsonlog"), "{reason}");
    }

    // Old, strange, or from a shipper that adds to it: what is known is told. At last, one longer than what is read of it, with as much
    // to do for each letter as there can be.
    let log = |message: &str| json!({ "error_severity": "LOG", "message": message });
    let with = |mut line: Value, name: &str, value: Value| {
        line[name] = value;
        line
    };
    let named = with(
        log("statement: select 'hunter2'"),
        "service.name",
        json!("shop"),
    );
    let nested = with(log("ready"), "service", json!({ "name": "shop" }));
    let undated = with(log("ready"), "timestamp", json!("yesterday"));
    let panic = json!({ "error_severity": "PANIC", "message": "no \"hunter2\"" });
    let plan = log("duration: 1.5 ms  plan:\nFilter: (a = 'hunter2')");
    let long = log(&format!(
        "statement: with a as (select {}",
        "1,".repeat(300_000)
    ));
    let told = [
        (log("duration: 1.5 ms"), "event.duration", json!(1_500_000)),
        (plan, "message", json!("Filter: (a = ?)")),
        (
            log("statement: select 'hunter2'"),
            "event.type",
            json!(["info"]),
        ),
        (
            log("statement: select \"hunter2"),
            "message",
            json!("select ?"),
        ),
        (named, "service.name", json!("shop")),
        (nested, "service.name", json!("shop")),
        (undated, "message", json!("ready")),
        (panic, "error.code", json!("XX000")),
        (long, "event.dataset", json!("database")),
    ];
    let lines = told.each_ref().map(|(line, ..)| line.clone());
    let documents = documents(&opensearch, &lines).await;
    for ((_, name, value), document) in told.iter().zip(documents) {
        assert_eq!(document[*name], *value, "{name} of {document:?}");
    }
}

/// What the pipeline makes of lines, all of which keep to the contract and hold no secret.
async fn documents(opensearch: &OpenSearch, lines: &[Value]) -> Vec<Map<String, Value>> {
    let documents = opensearch.through("postgresql", lines).await.into_iter();
    let checked = documents.zip(lines).map(|(document, line)| {
        let document = document.unwrap_or_else(|error| panic!("{error} of {line}"));
        assert!(
            !document.to_string().contains(SECRET),
            "{document} of {line}"
        );
        let Value::Object(fields) = document else {
            panic!("no object: {document}");
        };
        ecs::check_fields(&fields).unwrap_or_else(|reason| panic!("{reason}: {fields:?}"));
        fields
    });
    checked.collect()
}

/// The whole document of a case that was logged in this line.
fn expected(case: &Case, line: &Value) -> Map<String, Value> {
    let mut labels = json!({ "database": "postgres", "operation": case.operation });
    if let Some(statement) = case.statement {
        labels["statement"] = json!(statement);
    }
    let mut fields = json!({
        "@timestamp": timestamp(line),
        "ecs.version": "9.4.0",
        "service.name": "ecolaura-api",
        "event.dataset": "database",
        "event.module": "postgresql",
        "event.kind": "event",
        "event.category": ["database"],
        "labels": labels,
    });
    let more = match case.error {
        Some((code, message)) => json!({
            "log.level": "error",
            "message": message,
            "event.type": ["error"],
            "event.outcome": "failure",
            "error.code": code,
            "error.message": message,
        }),
        None => json!({
            "log.level": "info",
            "message": case.statement,
            "event.type": ["access"],
            "event.outcome": "success",
            "event.duration": nanoseconds(line),
        }),
    };
    let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) else {
        unreachable!("both are objects");
    };
    fields.extend(more);
    fields.clone()
}

/// `2026-11-22 10:00:00.123 UTC` as a point in time of ISO 8601.
fn timestamp(line: &Value) -> String {
    let text = line["timestamp"].as_str().expect("text");
    let (date, time) = text.split_once(' ').expect("a date and a time");
    format!("{date}T{}Z", time.strip_suffix(" UTC").expect("UTC"))
}

/// Of a line that begins with `duration: 12.345 ms`.
fn nanoseconds(line: &Value) -> i64 {
    let text = line["message"]
        .as_str()
        .and_then(|text| text.strip_prefix("duration: "));
    let (milliseconds, _) = text
        .and_then(|text| text.split_once(" ms"))
        .expect("a duration");
    let digits: i64 = milliseconds.replace('.', "").parse().expect("digits");
    digits * 1_000
}
