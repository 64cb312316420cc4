//! Values that can be formatted once, and values that cannot be formatted at all.

use std::fmt;

use crate::{Once, in_request, line, line_where, span};
use support::collector::Event;
use support::lines::labels;
use tracing::field::Empty;
use tracing::{debug, error, info, info_span};

/// Where the text that was formatted has to be.
enum In {
    /// In the message of a line, and in the name of an event of the request's span.
    Message,
    /// In a label of a line, and in an attribute of such an event.
    Field,
    /// In a label of a line, and in an attribute of a span.
    Span,
    /// In the statement of a query.
    Query,
}

#[test]
fn a_value_that_can_be_formatted_once() {
    let cases: [(&str, fn(), In); 9] = [
        (
            "/message",
            || info!("bought {}", Once::new("apples 1")),
            In::Message,
        ),
        (
            "/display",
            || info!(field = %Once::new("apples 2"), "/display"),
            In::Field,
        ),
        (
            "/debug",
            || info!(field = ?Once::new("apples 3"), "/debug"),
            In::Field,
        ),
        (
            "/span",
            || info_span!("in /span", field = %Once::new("apples 4")).in_scope(|| info!("/span")),
            In::Span,
        ),
        (
            "/recorded",
            || {
                let span = info_span!("in /recorded", field = Empty);
                span.record("field", tracing::field::display(Once::new("apples 5")));
                span.in_scope(|| info!("/recorded"));
            },
            In::Span,
        ),
        (
            "/log",
            || log::info!("bought {}", Once::new("apples 6")),
            In::Message,
        ),
        (
            "/key-value",
            || log::info!(field:% = Once::new("apples 7"); "/key-value"),
            In::Field,
        ),
        (
            "/query",
            || debug!(db.query.text = %Once::new("SELECT apples8"), elapsed_secs = 7.0, "asked"),
            In::Query,
        ),
        // Below the level of spans, and one that both want.
        (
            "/level",
            || debug!("bought {}", Once::new("apples 9")),
            In::Message,
        ),
    ];
    for (place, (path, work, expected)) in (1..).zip(cases) {
        assert_eq!(in_request(path, work), 200, "{path}");
        let text = format!("apples {place}");
        let request = span(&format!("GET {path}"));
        match expected {
            In::Message => {
                line(&format!("bought {text}"));
                let names: Vec<_> = request.events.iter().map(|event| &*event.name).collect();
                let expected = if path == "/level" {
                    vec![]
                } else {
                    vec![format!("bought {text}")]
                };
                assert_eq!(names, expected, "{path}");
            }
            In::Field => {
                assert_eq!(labels(&line(path))["field"], text, "{path}");
                assert_eq!(request.events[0].attributes()["field"], text, "{path}");
            }
            In::Span => {
                assert_eq!(labels(&line(path))["field"], text, "{path}");
                let span = span(&format!("in {path}"));
                assert_eq!(span.attribute("field"), Some(text), "{path}");
            }
            In::Query => {
                let span = span("SELECT");
                assert_eq!(
                    span.attribute("db.query.text").as_deref(),
                    Some("SELECT apples8")
                );
                assert_eq!(line("SELECT apples8")["event.dataset"], "database");
            }
        }
    }
}

/// Panics when it is formatted, as a type with a bug in its `Debug` does.
struct Panicking;

impl fmt::Debug for Panicking {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("a bug in Debug")
    }
}

impl fmt::Display for Panicking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half of it")?;
        panic!("a bug in Display")
    }
}

impl std::error::Error for Panicking {}

const MARKER: &str = "[formatting panicked]";

#[test]
fn a_value_that_panics_ends_no_request() {
    let cases: [(&str, fn()); 7] = [
        ("/panic/message", || {
            info!(case = "/panic/message", after = 1, "bought {Panicking}")
        }),
        (
            "/panic/field",
            || info!(field = ?Panicking, case = "/panic/field", after = 1, "m"),
        ),
        ("/panic/error", || {
            let error = &Panicking as &dyn std::error::Error;
            error!(field = error, case = "/panic/error", after = 1, "m");
        }),
        ("/panic/span", || {
            let span = info_span!("in /panic/span", field = %Panicking, after = 1);
            span.in_scope(|| info!(case = "/panic/span", "m"));
        }),
        ("/panic/recorded", || {
            let span = info_span!("in /panic/recorded", field = Empty, after = 1);
            span.record("field", tracing::field::debug(Panicking));
            span.in_scope(|| info!(case = "/panic/recorded", "m"));
        }),
        (
            "/panic/log",
            || log::info!(case = "/panic/log", after = 1; "bought {Panicking}"),
        ),
        (
            "/panic/key-value",
            || log::info!(field:? = Panicking, case = "/panic/key-value", after = 1; "m"),
        ),
    ];
    for (path, work) in cases {
        assert_eq!(in_request(path, work), 200, "{path}");
        let line = line_where(|line| labels(line).get("case").is_some_and(|case| case == path));
        let labels = labels(&line);
        assert_eq!(labels["after"], "1", "{path}: the other fields are there");
        let shown = labels.get("field").unwrap_or(&line["message"]);
        assert_eq!(shown, MARKER, "{path}");
        let holder = match path {
            "/panic/span" | "/panic/recorded" => span(&format!("in {path}")),
            _ => span(&format!("GET {path}")),
        };
        let is_own = |event: &&Event| {
            event
                .attributes()
                .get("case")
                .is_some_and(|case| case == path)
        };
        assert_eq!(holder.events.iter().filter(is_own).count(), 1, "{path}");
    }
    for name in ["in /panic/span", "in /panic/recorded"] {
        let span = span(name);
        assert_eq!(span.attribute("field").as_deref(), Some(MARKER), "{name}");
        assert_eq!(span.attribute("after").as_deref(), Some("1"), "{name}");
    }
}

/// Logs and opens spans while it is formatted.
struct Talking;

impl fmt::Display for Talking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info_span!("while talking", inner = 1).in_scope(|| info!(inner = 2, "said meanwhile"));
        log::info!(inner = 3; "logged meanwhile");
        f.write_str("talked")
    }
}

#[test]
fn a_value_that_logs_while_it_is_formatted() {
    let work = || {
        let once = Once::new("only once");
        info!(before = %once, value = %Talking, after = 1, "outside");
    };
    assert_eq!(in_request("/talking", work), 200);
    let outside = labels(&line("outside"));
    let expected = serde_json::json!({"before": "only once", "value": "talked", "after": "1"});
    assert_eq!(serde_json::Value::Object(outside), expected);
    assert_eq!(labels(&line("said meanwhile"))["inner"], "2");
    assert_eq!(labels(&line("logged meanwhile"))["inner"], "3");
    let request = span("GET /talking");
    let told: Vec<_> = request
        .events
        .iter()
        .map(|event| (&*event.name, event.attributes().len()))
        .collect();
    assert_eq!(told[0], ("logged meanwhile", 6));
    assert_eq!(told[1], ("outside", 4), "level and its three fields");
    assert_eq!(span("while talking").events.len(), 1);
}
