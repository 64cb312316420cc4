//! Events of `tracing` are lines of JSON by the Elastic Common Schema.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use ecolaura_monitoring::{LogFormat, Monitoring};
use serde_json::{Map, Value, json};
use support::lines::{labels, lines_of, logged, within, written};
use tracing::{debug, error, info, info_span, warn};

/// The only line of some work.
#[track_caller]
fn line_of(work: impl FnOnce()) -> Map<String, Value> {
    let mut lines = lines_of(work);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[test]
fn a_line_as_it_is_written() {
    let (lines, monitoring) = logged(|builder| {
        builder
            .version("1.2.3")
            .resource_attribute("deployment.environment.name", "staging")
            .resource_attribute("service.instance.id", "a-1")
            .resource_attribute("secret.thing", "not told")
    });
    let line = line!() + 1;
    within(&monitoring, || warn!(parcels = 3, "packed {}", "twice"));
    written(&lines, &monitoring);
    let all = lines.all();
    let (moment, rest) = all[0].split_at(r#"{"@timestamp":"2026-11-23T08:05:34.853123Z""#.len());
    assert_eq!(
        rest,
        format!(
            concat!(
                r#","log.level":"warn","message":"packed twice","ecs.version":"9.4.0","#,
                r#""service.name":"test","service.version":"1.2.3","service.environment":"staging","service.node.name":"a-1","#,
                r#""event.dataset":"application","log.logger":"logs::events","log.origin.file.name":"tests/logs/events.rs","log.origin.file.line":{},"#,
                r#""labels":{{"parcels":"3"}}}}"#
            ),
            line
        )
    );
    assert!(
        moment.starts_with(r#"{"@timestamp":"20"#) && moment.ends_with(r#"Z""#),
        "{moment}"
    );
}

#[test]
fn values_are_texts_whatever_they_were() {
    let line = line_of(|| {
        info!(
            text = "x",
            whole = -7,
            large = u64::MAX,
            larger = u128::MAX,
            half = 0.5,
            huge = 1e300,
            no = f64::NAN,
            yes = true,
            shown = %"as it is",
            debug = ?Some("as it is"),
            "m"
        );
    });
    let expected = json!({
        "text": "x", "whole": "-7", "large": "18446744073709551615",
        "larger": "340282366920938463463374607431768211455",
        "half": "0.5", "huge": "1e300", "no": "NaN", "yes": "true",
        "shown": "as it is", "debug": "Some(\"as it is\")",
    });
    assert_eq!(Value::Object(labels(&line)), expected);
}

#[test]
fn fields_of_the_schema_are_where_it_has_them() {
    let line = line_of(|| {
        info!(
            user.id = 7,
            event.action = "order-placed",
            event.outcome = "success",
            event.duration = 12u64,
            http.response.status_code = "404",
            source.ip = %std::net::Ipv4Addr::LOCALHOST,
            url.path = "/orders?token=x",
            "m"
        );
    });
    for (name, expected) in [
        ("user.id", json!("7")),
        ("event.action", json!("order-placed")),
        ("event.outcome", json!("success")),
        ("event.duration", json!(12)),
        ("http.response.status_code", json!(404)),
        ("source.ip", json!("127.0.0.1")),
        ("url.path", json!("/orders")),
    ] {
        assert_eq!(line[name], expected, "{name}");
    }
    assert!(!line.contains_key("labels"));
}

/// The store refuses a whole line whose value is not what the schema says.
#[test]
fn what_does_not_fit_the_schema_is_a_label() {
    let line = line_of(|| {
        info!(
            event.duration = "long",
            event.outcome = "fine",
            http.response.status_code = -1,
            source.ip = "localhost",
            error = true,
            "m"
        );
    });
    let expected = json!({
        "event_duration": "long", "event_outcome": "fine", "http_response_status_code": "-1",
        "source_ip": "localhost", "error": "true",
    });
    assert_eq!(Value::Object(labels(&line)), expected);
}

#[test]
fn nobody_takes_the_place_of_what_a_line_has_of_itself() {
    let line = line_of(|| {
        info!(
            "@timestamp" = "never",
            log.level = "loud",
            ecs.version = "0",
            service.name = "other",
            event.dataset = "other",
            trace.id = "other",
            labels = "flat",
            labels.a = "dotted",
            "back\\slash*star" = 1,
            "quote\"d\n" = 1,
            "m"
        );
    });
    assert_eq!(line["log.level"], "info");
    assert_eq!(line["ecs.version"], "9.4.0");
    assert_eq!(line["service.name"], "test");
    assert_eq!(line["event.dataset"], "application");
    assert!(!line.contains_key("trace.id"));
    let expected = json!({
        "@timestamp": "never", "log_level": "loud", "ecs_version": "0", "service_name": "other",
        "event_dataset": "other", "trace_id": "other", "labels": "flat", "labels_a": "dotted",
        "back_slash_star": "1", "quote\"d\n": "1",
    });
    assert_eq!(Value::Object(labels(&line)), expected);
}

#[derive(Debug)]
struct Outer(std::io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot pack")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn an_error_is_told_with_what_brought_it_about() {
    let outer = Outer(std::io::Error::other("no tape"));
    let line = line_of(|| error!(error = &outer as &dyn std::error::Error, "m"));
    assert_eq!(line["error.message"], "cannot pack: no tape");
    let twice = std::io::Error::other(Outer(std::io::Error::other("cannot pack")));
    let line = line_of(|| error!(error = &twice as &dyn std::error::Error, "m"));
    assert_eq!(line["error.message"], "cannot pack", "no more than once");
    let line = line_of(|| error!(error = %outer, "exception.type" = "Outer", "m"));
    assert_eq!(line["error.message"], "cannot pack");
    assert_eq!(line["error.type"], "Outer");
}

#[test]
fn lines_tell_of_the_spans_that_they_are_in() {
    let lines = lines_of(|| {
        let outer = info_span!(
            "outer",
            user.id = "u1",
            step = 1,
            both = "outer",
            late = tracing::field::Empty
        );
        let inner = info_span!(parent: &outer, "inner", step = 2, both = "inner");
        outer.record("late", "now");
        outer.record("step", 3);
        inner.in_scope(|| info!(both = "event", "in both"));
        outer.in_scope(|| info!("in one"));
        info!(parent: &inner, "named");
        inner.in_scope(|| info!(parent: None, "in none"));
    });
    let expect = |line: &Map<String, Value>, user: Option<&str>, expected: Value| {
        assert_eq!(line.get("user.id").and_then(Value::as_str), user);
        assert_eq!(Value::Object(labels(line)), expected);
    };
    expect(
        &lines[0],
        Some("u1"),
        json!({"both": "event", "step": "2", "late": "now"}),
    );
    expect(
        &lines[1],
        Some("u1"),
        json!({"both": "outer", "step": "3", "late": "now"}),
    );
    expect(
        &lines[2],
        Some("u1"),
        json!({"both": "inner", "step": "2", "late": "now"}),
    );
    expect(&lines[3], None, json!({}));
}

#[test]
fn a_line_is_one_line_whatever_is_in_it() {
    let nasty = "a\nb\r\n\u{1b}[31m\u{0}\"\\\u{2028}\u{85}🌱";
    let (lines, monitoring) = logged(|builder| builder);
    within(&monitoring, || info!(nasty, "{nasty}"));
    let read = written(&lines, &monitoring);
    assert_eq!(read.len(), 1);
    assert_eq!(read[0]["message"], nasty);
    assert_eq!(labels(&read[0])["nasty"], nasty);
    let raw = &lines.all()[0];
    assert!(
        raw.chars().all(|c| !c.is_control() && c != '\u{2028}'),
        "{raw}"
    );
}

#[test]
fn a_line_fits_where_lines_are_cut() {
    const LONGEST: usize = 16 << 10; // of what container runtimes keep in one piece
    let million = "x\"".repeat(1 << 19);
    let (lines, monitoring) = logged(|builder| builder);
    within(&monitoring, || {
        info!(a = &*million, b = &*million, c = %million, d = ?million, e = 1, "{million}");
        let _span = info_span!("s", f = &*million, g = 1).entered();
        info!(h = 1, "short");
    });
    let read = written(&lines, &monitoring);
    for line in lines.all() {
        assert!(line.len() < LONGEST, "{}", line.len());
    }
    let message = read[0]["message"].as_str().unwrap();
    assert!(message.starts_with("x\"x\"") && message.ends_with('…'));
    assert_eq!(labels(&read[0])["fields_left_out"], "3");
    assert!(labels(&read[0])["a"].as_str().unwrap().ends_with('…'));
    assert_eq!(labels(&read[1])["h"], "1");
}

struct Panicky;

impl fmt::Debug for Panicky {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no")
    }
}

#[test]
fn a_value_that_panics_while_it_is_formatted() {
    let lines = lines_of(|| {
        info!(before = 1, value = ?Panicky, after = 1, "still there");
        info!(after = 2, "and the next one");
    });
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["message"], "still there");
    let expected = json!({"before": "1", "value": "[formatting panicked]", "after": "1"});
    assert_eq!(Value::Object(labels(&lines[0])), expected);
    assert_eq!(Value::Object(labels(&lines[1])), json!({"after": "2"}));
}

#[test]
fn a_filter_by_target() {
    let (lines, monitoring) =
        logged(|builder| builder.logs(|logs| logs.filter("warn,logs::shop=debug,logs::loud=off")));
    within(&monitoring, || {
        info!("no");
        warn!("yes");
        debug!(target: "logs::shop::orders", "yes");
        error!(target: "logs::loud", "no");
        let _span = info_span!("not wanted", a = 1).entered();
        warn!("yes");
    });
    let read = written(&lines, &monitoring);
    assert_eq!(read.len(), 3);
    assert!(read.iter().all(|line| line["message"] == "yes"));
    assert!(labels(&read[2]).is_empty());
}

#[test]
fn a_wrong_filter_is_an_error_at_start() {
    let wrong = Monitoring::builder("test")
        .logs(|logs| logs.without_subscriber())
        .logs(|logs| logs.filter("shop=loud"));
    let error = wrong.build().unwrap_err().to_string();
    assert!(
        error.contains("the log filter is `shop=loud`: write a level"),
        "{error}"
    );
}

/// Of one place no more than so many lines a second; the next one tells how many there were.
#[test]
fn a_place_that_does_not_stop() {
    let (lines, monitoring) = logged(|builder| builder.logs(|logs| logs.max_lines_per_second(10)));
    let log = |number: u32| info!(number, "again");
    within(&monitoring, || {
        (0..500).for_each(log);
        info!("another place");
    });
    let read = written(&lines, &monitoring);
    let again = read
        .iter()
        .filter(|line| line["message"] == "again")
        .count();
    // More than ten only where a second or two ended meanwhile.
    assert!((10..=30).contains(&again), "{again}");
    assert!(read.iter().any(|line| line["message"] == "another place"));
    let metrics = monitoring.metrics().render();
    let dropped = format!("{{reason=\"rate_limited\"}} {}", 500 - again);
    assert!(metrics.contains(&dropped), "{metrics}");
    // Once more, when a second has passed. Nothing flushes meanwhile, which would announce them by a line of its own.
    let start = std::time::Instant::now();
    let mut told = None;
    while told.is_none() {
        assert!(start.elapsed().as_secs() < 30, "it is told in the end");
        within(&monitoring, || log(500));
        let told_in = |line: &String| {
            let line: Map<String, Value> = serde_json::from_str(line).expect("JSON");
            let of_place = line["message"] == "again";
            of_place.then(|| labels(&line).get("lines_held_back").cloned())?
        };
        told = lines.all().iter().find_map(told_in);
    }
    let told: usize = told.unwrap().as_str().unwrap().parse().unwrap();
    assert!(told > 0);
}

#[test]
fn text_for_people() {
    let (lines, monitoring) = logged(|builder| builder.logs(|logs| logs.format(LogFormat::Text)));
    within(&monitoring, || {
        let _span = info_span!("span", order = 7).entered();
        warn!(user.id = "u", token = "hunter2", "packed\n\u{1b}[31m");
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime
        .block_on(monitoring.flush(std::time::Duration::from_secs(20)))
        .expect("lines are written");
    let line = &lines.all()[0];
    let (_, rest) = line.split_once('Z').expect("a moment");
    assert_eq!(
        rest,
        r"  WARN logs::events: packed\n\u001b[31m user.id=u token=[redacted] order=7"
    );
}

#[test]
fn nothing_is_written_where_nobody_asked() {
    let monitoring = Monitoring::builder("test").build().unwrap();
    assert!(monitoring.log_layer().is_none());
    static WRITTEN: AtomicBool = AtomicBool::new(false);
    struct Told;
    impl std::io::Write for Told {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            WRITTEN.store(true, Ordering::Relaxed);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let monitoring = Monitoring::builder("test")
        .logs(|logs| logs.writer(Told))
        .without_logs()
        .build()
        .unwrap();
    assert!(monitoring.log_layer().is_none());
    within(&monitoring, || error!("nobody reads this"));
    drop(monitoring);
    assert!(!WRITTEN.load(Ordering::Relaxed));
}

/// A log as JSON and one as text in one subscriber: each has its own of a span.
#[test]
fn two_logs_at_once() {
    use tracing_subscriber::layer::SubscriberExt as _;
    let (json_lines, json_log) = logged(|builder| builder);
    let (text_lines, text_log) =
        logged(|builder| builder.logs(|logs| logs.format(LogFormat::Text)));
    let subscriber = tracing_subscriber::registry()
        .with(json_log.log_layer())
        .with(text_log.log_layer());
    tracing::subscriber::with_default(subscriber, || {
        let span = info_span!("span", order = "7 \"", late = tracing::field::Empty);
        span.record("late", "now");
        span.in_scope(|| info!(a = "b", "both"));
    });
    let read = written(&json_lines, &json_log);
    let expected = json!({"a": "b", "late": "now", "order": "7 \""});
    assert_eq!(Value::Object(labels(&read[0])), expected);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime
        .block_on(text_log.flush(std::time::Duration::from_secs(20)))
        .expect("lines are written");
    let text = &text_lines.all()[0];
    assert!(
        text.ends_with(" INFO logs::events: both a=b late=now order=\"7 \\\"\""),
        "{text}"
    );
}

/// Of a statement in any field the values are not told, whoever writes it.
#[test]
fn statements_have_no_values() {
    let line = line_of(|| {
        let sql = "SELECT * FROM users WHERE password = 'hunter2'";
        let _span = info_span!("client", db.statement = sql).entered();
        info!(db.query.text = ?sql, "asked");
    });
    let shown = "SELECT * FROM users WHERE password = ?";
    let expected = json!({"db_query_text": shown, "db_statement": shown});
    assert_eq!(Value::Object(labels(&line)), expected);
}

#[test]
fn names_that_are_too_long() {
    let (lines, monitoring) = logged(|builder| {
        let long = "n".repeat(10_000);
        builder
            .version(long.clone())
            .resource_attribute("service.instance.id", long)
    });
    within(&monitoring, || {
        let _span = info_span!("span", a = &*"x".repeat(4000), b = &*"y".repeat(4000)).entered();
        info!(target: "a_target_as_long_as_nobody_has_it_but_who_knows_what_people_do_with_macros::a::b::c::d::e::f", "{}", "m".repeat(20_000));
    });
    written(&lines, &monitoring);
    let length = lines.all()[0].len();
    assert!((10_000..16 << 10).contains(&length), "{length}");
}

/// By its name or by its looks, in a message, a field, a number, a span or an error.
#[test]
fn secrets_are_not_told() {
    let (lines, monitoring) = logged(|builder| builder);
    within(&monitoring, || {
        let span = info_span!(
            "span",
            authorization = "Basic cAnaRy7",
            note = "Bearer cAnaRy7cAnaRy7"
        );
        let _entered = span.enter();
        info!(
            password = "cAnaRy7",
            card = 4111_1111_1111_1111_u64,
            error = "cannot log cAnaRy7@example.org in",
            user.id = "cAnaRy7@example.org",
            url.path = "/login?token=cAnaRy7",
            seen = ?("cookie", "session=cAnaRy7"),
            "paid with 4111 1111 1111 1111, Authorization: Bearer cAnaRy7cAnaRy7, {{\"api_key\":\"cAnaRy7\"}}"
        );
        warn!("{}password=cAnaRy7", "x".repeat(20_000));
    });
    let read = written(&lines, &monitoring);
    let all = lines.all().join("\n");
    assert!(!all.contains("cAnaRy7"), "{all}");
    assert!(!all.contains("4111"), "{all}");
    assert_eq!(read[0]["user.id"], "[redacted]");
    assert_eq!(read[0]["error.message"], "cannot log [redacted] in");
    assert_eq!(labels(&read[0])["card"], "[redacted]");
}
