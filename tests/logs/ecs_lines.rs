//! The check that log lines of every producer go through takes what keeps to the contract, and says what is wrong with the rest.

use support::ecs;
use support::timestamp::nanoseconds;

/// A line that keeps to it, to be spoiled.
const LINE: &str = r#"{"@timestamp":"2026-11-22T10:00:00.123Z","log.level":"info","message":"GET /products","ecs.version":"9.4.0","service.name":"shop","event.dataset":"access","event.kind":"event","event.category":["web"],"event.type":["access"],"event.outcome":"success","event.duration":1500000,"http.request.method":"GET","http.request.body.bytes":0,"http.response.status_code":200,"http.response.body.bytes":12,"http.version":"1.1","url.path":"/products","trace.id":"4bf92f3577b34da6a3ce929d0e0e4736","span.id":"00f067aa0ba902b7","labels":{"endpoint":"/products","outcome":"success"}}"#;

/// One that says what each line says.
const PLAIN: &str = r#"{"@timestamp":"2026-11-22T10:00:00Z","log.level":"info","message":"","ecs.version":"9.4.0","service.name":"shop","event.dataset":"application"}"#;

#[test]
fn lines_that_keep_to_the_contract_are_read() {
    let fields = ecs::check(LINE).expect("a line of the contract");
    assert_eq!(fields["event.duration"], 1_500_000);
    assert_eq!(fields["labels"]["endpoint"], "/products");
    ecs::check(PLAIN).expect("no more than is required");
    let all = [
        with(r#""process.uptime":12"#),
        with(r#""tags":["a","b"]"#),
        with(r#""error.message":"""#),
        with(r#""labels":{}"#),
        PLAIN.replace("00Z", "59.999999999Z"),
        PLAIN.replace("2026-11-22", "2028-02-29"),
    ];
    for line in all {
        ecs::check(&line).unwrap_or_else(|reason| panic!("{line}: {reason}"));
    }
}

#[test]
fn a_line_is_one_object_of_json() {
    refused(&format!("{PLAIN}\n"), "more than one line");
    refused(&format!("{PLAIN}{PLAIN}"), "trailing characters");
    refused("[]", "not an object");
    refused(&PLAIN.replace('}', ""), "EOF");
    refused(&PLAIN.replace("info", "in\tfo"), "control character");
    refused(&PLAIN.replace("info", r"in\xfo"), "invalid escape");
    refused("", "EOF");
}

#[test]
fn no_key_is_there_twice() {
    refused(
        &with(r#""message":"other""#),
        "the key message is there twice",
    );
    let labels = with(r#""labels":{"plan":"a","outcome":"b","plan":"c"}"#);
    refused(&labels, "the key plan is there twice");
}

#[test]
fn the_first_keys_have_an_order() {
    let level = r#""log.level":"info","#;
    let late = PLAIN
        .replace(level, "")
        .replace('}', r#","log.level":"info"}"#);
    refused(&late, "log.level is to be key 1, where message is");
    refused(
        &PLAIN.replace(r#""message":"","#, ""),
        "message is to be key 2",
    );
    refused(
        r#"{"@timestamp":"2026-11-22T10:00:00Z"}"#,
        "where nothing is",
    );
}

#[test]
fn fields_are_those_of_ecs_with_their_types() {
    refused(&with(r#""db.statement":"SELECT""#), "no field of ECS 9.4.0");
    refused(
        &with(r#""event":{"kind":"event"}"#),
        "no field of ECS 9.4.0",
    );
    refused(
        &with(r#""error.code":7"#),
        "not a value of the type keyword",
    );
    refused(
        &with(r#""error.code":"""#),
        "not a value of the type keyword",
    );
    refused(
        &with(r#""error.code":null"#),
        "not a value of the type keyword",
    );
    refused(
        &with(r#""event.duration":1.5"#),
        "not a value of the type long",
    );
    refused(
        &with(r#""event.duration":"15""#),
        "not a value of the type long",
    );
    refused(&with(r#""tags":"a""#), "not an array");
    refused(&with(r#""tags":[]"#), "not an array with values");
    refused(
        &with(r#""tags":["a",1]"#),
        "not a value of the type keyword",
    );
    refused(
        &with(r#""error.code":["a"]"#),
        "not a value of the type keyword",
    );
    refused(
        &with(r#""dns.answers":[{"name":"a"}]"#),
        "fields of its own",
    );
}

#[test]
fn labels_are_flat_text() {
    refused(&with(r#""labels":"a""#), "not an object");
    refused(&with(r#""labels":{"rows":7}"#), "rows is not text");
    refused(&with(r#""labels":{"a":{"b":"c"}}"#), "a is not text");
    for name in ["a.b", "a*", r"a\\b", ""] {
        let labels = with(&format!(r#""labels":{{"{name}":"c"}}"#));
        refused(&labels, "is no name of a label");
    }
}

#[test]
fn values_are_those_that_are_allowed() {
    let spoiled = [
        ("info", "INFO", "log.level is INFO"),
        ("9.4.0", "1.0.0", "ecs.version is 1.0.0"),
        (
            r#"set":"access"#,
            r#"set":"nginx"#,
            "event.dataset is nginx",
        ),
        (
            r#"kind":"event"#,
            r#"kind":"log"#,
            "event.kind: not a value that",
        ),
        ("web", "http", "event.category: not a value that ECS allows"),
        (
            r#"["access"]"#,
            r#"["read"]"#,
            "event.type: not a value that",
        ),
        (
            r#"["access"]"#,
            r#"["start"]"#,
            "event.type start is none of",
        ),
        (
            "success",
            "ok",
            "event.outcome: not a value that ECS allows",
        ),
        ("4bf92f3577b3", "4BF92F3577B3", "trace.id is 4BF92"),
        ("4bf92f3577b3", "4bf9", "no id of 32 digits"),
        ("00f067aa0ba902b7", "0000000000000000", "no id of 16 digits"),
    ];
    for (from, to, reason) in spoiled {
        refused(&LINE.replace(from, to), reason);
    }
}

#[test]
fn times_are_points_in_time_in_utc() {
    let wrong = [
        "2026-11-22T10:00:00",
        "2026-11-22T10:00:00+00:00",
        "2026-11-22 10:00:00Z",
        "2026-11-22T10:00Z",
        "2026-11-22T10:00:00.Z",
        "2026-11-22T10:00:00.12a4Z",
        "2026-11-22T10:00:00.1234567890Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T10:00:60Z",
        "2026-11-31T10:00:00Z",
        "2026-02-29T10:00:00Z",
        "2026-13-01T10:00:00Z",
        "26-11-22T10:00:00Z",
        "2026-11-22T+1:00:00Z",
        "",
    ];
    for time in wrong {
        let line = PLAIN.replace("2026-11-22T10:00:00Z", time);
        refused(&line, "not a value of the type date");
    }
    let seconds = |text| nanoseconds(text).expect("a time") / 1_000_000_000;
    assert_eq!(seconds("1970-01-01T00:00:00Z"), 0);
    assert_eq!(seconds("2000-02-29T23:59:59Z"), 951_868_799);
    assert_eq!(seconds("2026-11-22T10:00:00Z"), 1_795_341_600);
    assert_eq!(
        nanoseconds("1970-01-02T00:00:00.025Z"),
        Some(86_400_025_000_000)
    );
}

#[test]
fn each_stream_has_what_it_is_asked_for() {
    let fields = LINE
        .split(',')
        .filter(|field| !field.contains("http.version"));
    let line = fields.collect::<Vec<_>>().join(",");
    refused(&line, "there is no http.version");
    refused(
        &PLAIN.replace("application", "database"),
        "there is no event.kind",
    );
    refused(
        &PLAIN.replace("application", "authentication"),
        "there is no event.kind",
    );
    let without = PLAIN.replace(r#","event.dataset":"application""#, "");
    refused(&without, "there is no event.dataset");
}

/// A good line with this at its end.
fn with(field: &str) -> String {
    PLAIN.replace('}', &format!(",{field}}}"))
}

fn refused(line: &str, why: &str) {
    match ecs::check(line) {
        Ok(_) => panic!("taken: {line}"),
        Err(reason) => assert!(reason.contains(why), "{line}: {reason}"),
    }
}
