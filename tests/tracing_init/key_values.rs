//! Keys and values of the crate `log` are fields like any others.

use serde_json::{Value, json};

use crate::{in_request, line, span};
use support::lines::labels;

#[test]
fn keys_and_values_of_log() {
    let work = || {
        log::info!(
            target: "old::crate",
            carrier = "bike", parcels = 3_u8, back = -2, weight = 1.5, heavy = true, none = Option::<u8>::None,
            seen:? = ("a", 1), password = "cAnaRy8", note = "Bearer cAnaRy8cAnaRy8", card = 4_111_111_111_111_111_u64,
            "user.id" = "u7", "dotted.key" = "d", message = "not the message", huge = u128::MAX,
            "db.query.text" = "SELECT 'cAnaRy8'";
            "handed over"
        );
        log::warn!("without any");
    };
    assert_eq!(in_request("/key-values", work), 200);
    let line_of_record = line("handed over");
    assert_eq!(line_of_record["log.logger"], "old::crate");
    assert_eq!(line_of_record["user.id"], "u7");
    let expected = json!({
        "carrier": "bike", "parcels": "3", "back": "-2", "weight": "1.5", "heavy": "true", "seen": "(\"a\", 1)",
        "password": "[redacted]", "note": "Bearer [redacted]", "card": "[redacted]", "dotted_key": "d",
        "message": "not the message", "huge": "340282366920938463463374607431768211455",
        "db_query_text": "SELECT ?",
    });
    assert_eq!(Value::Object(labels(&line_of_record)), expected);
    assert!(labels(&line("without any")).is_empty());

    let request = span("GET /key-values");
    let attributes = request.events[0].attributes();
    for (key, value) in [
        ("carrier", "bike"),
        ("parcels", "3"),
        ("weight", "1.5"),
        ("heavy", "true"),
        ("password", "[redacted]"),
        ("user.id", "u7"),
        ("message", "not the message"),
        ("db.query.text", "SELECT ?"),
    ] {
        assert_eq!(attributes[key], value, "{key}");
    }
    assert!(!attributes.contains_key("none"));
    assert_eq!(request.events[1].name, "without any");
    assert!(!request.events[1].attributes().contains_key("carrier"));
    assert!(!crate::INSTALLED.lines.all().join("\n").contains("cAnaRy8"));
    assert!(!crate::INSTALLED.collector.has_seen("cAnaRy8"));
}

/// A record is an event of its own also where its message logs, or its values do.
#[test]
fn records_within_records() {
    struct Logs(&'static str);
    impl std::fmt::Display for Logs {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            log::info!(inner = self.0; "record within {}", self.0);
            tracing::info!(inner = self.0, "event within {}", self.0);
            f.write_str(self.0)
        }
    }
    let work = || log::info!(value:% = Logs("a value"), after = 1; "around {}", Logs("a message"));
    assert_eq!(in_request("/within", work), 200);
    let around = labels(&line("around a message"));
    assert_eq!(
        Value::Object(around),
        json!({"value": "a value", "after": "1"})
    );
    for within in ["a value", "a message"] {
        for what in ["record", "event"] {
            let line = line(&format!("{what} within {within}"));
            assert_eq!(Value::Object(labels(&line)), json!({"inner": within}));
        }
    }
}

/// What is too long or too much is cut and counted, as of any fields.
#[test]
fn keys_and_values_have_limits() {
    let long: &'static str = "x".repeat(100_000).leak();
    let work = move || log::info!(a = long, b = long, c = long; "much");
    assert_eq!(in_request("/much", work), 200);
    let labels = labels(&line("much"));
    assert!(labels["a"].as_str().expect("a text").ends_with('…'));
    assert_eq!(labels["fields_left_out"], "1");
    let attribute = span("GET /much").events[0].attributes()["c"].len();
    assert_eq!(attribute, 4096);
}
