//! Errors that are logged are the status of their span, and events called `exception`.

use std::{fmt, io};

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::monitor;
use http::StatusCode;
use tracing::{error, info, info_span, instrument, warn};

use crate::{answered, in_request, line, line_where, span};

#[derive(Debug)]
struct NoTape(io::Error);

impl fmt::Display for NoTape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot pack")
    }
}

impl std::error::Error for NoTape {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn no_tape() -> NoTape {
    NoTape(io::Error::other("no tape"))
}

#[instrument(err)]
fn returns_an_error() -> Result<(), NoTape> {
    Err(no_tape())
}

#[instrument(err(level = "warn"))]
fn returns_a_warning() -> Result<(), NoTape> {
    Err(no_tape())
}

#[monitor("monitored_that_logs")]
fn monitored_that_logs() {
    error!("monitored failed");
}

#[monitor("monitored_that_fails")]
fn monitored_that_fails() -> Result<(), NoTape> {
    error!("why it fails");
    Err(no_tape())
}

/// What is logged in a span, the span's status, and its event.
type Case = (
    &'static str,
    fn(),
    Option<&'static str>,
    &'static str,
    &'static [(&'static str, &'static str)],
);

#[test]
fn errors_in_spans() {
    const CHAIN: &str = "cannot pack: no tape";
    let cases: [Case; 10] = [
        (
            "returns_an_error",
            || drop(returns_an_error()),
            Some("cannot pack"),
            "exception",
            &[("exception.message", "cannot pack"), ("level", "ERROR")],
        ),
        (
            "returns_a_warning",
            || drop(returns_a_warning()),
            None,
            "exception",
            &[("exception.message", "cannot pack"), ("level", "WARN")],
        ),
        (
            "message",
            || info_span!("message").in_scope(|| error!("it failed")),
            Some("it failed"),
            "it failed",
            &[("level", "ERROR")],
        ),
        (
            "message and error",
            || {
                info_span!("message and error").in_scope(|| {
                    let error = no_tape();
                    error!(error = &error as &dyn std::error::Error, "it failed, too");
                });
            },
            Some(CHAIN),
            "it failed, too",
            &[("exception.message", CHAIN), ("level", "ERROR")],
        ),
        (
            "type and stack trace",
            || {
                info_span!("type and stack trace").in_scope(|| {
                    error!(err = %no_tape(), error.type = "NoTape", exception.stacktrace = "at pack");
                });
            },
            Some("cannot pack"),
            "exception",
            &[
                ("exception.message", "cannot pack"),
                ("exception.stacktrace", "at pack"),
                ("exception.type", "NoTape"),
                ("level", "ERROR"),
            ],
        ),
        (
            "no text",
            || info_span!("no text").in_scope(|| error!(error = true, "is one")),
            Some("is one"),
            "is one",
            &[("error", "true"), ("level", "ERROR")],
        ),
        (
            "a warning",
            || info_span!("a warning").in_scope(|| warn!("beware")),
            None,
            "beware",
            &[("level", "WARN")],
        ),
        (
            "a secret",
            || info_span!("a secret").in_scope(|| error!("login of anna@example.org failed")),
            Some("login of [redacted] failed"),
            "login of [redacted] failed",
            &[("level", "ERROR")],
        ),
        (
            "monitored_that_logs",
            monitored_that_logs,
            Some("monitored failed"),
            "monitored failed",
            &[("level", "ERROR")],
        ),
        (
            "monitored_that_fails",
            || drop(monitored_that_fails()),
            Some("why it fails"),
            "why it fails",
            &[("level", "ERROR")],
        ),
    ];
    let all = cases.map(|(_, work, ..)| work);
    let work = move || all.iter().for_each(|work| work());
    assert_eq!(in_request("/errors", work), 200);
    for (name, _, status, event, attributes) in cases {
        let span = span(name);
        assert_eq!(span.error(), status, "{name}");
        assert_eq!(span.events.len(), 1, "{name}");
        assert_eq!(span.events[0].name, event, "{name}");
        let expected = attributes
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        assert_eq!(span.events[0].attributes(), expected.collect(), "{name}");
    }
    // Of the request its answer says whether it failed.
    assert_eq!(span("GET /errors").error(), None);
}

/// The last word of a span is the reason; and that of a span inside is not that of the one around it.
#[test]
fn several_errors() {
    let work = || {
        info_span!("outer failure").in_scope(|| {
            error!("first");
            info_span!("inner failure").in_scope(|| error!("inner"));
            error!("last");
        });
        info_span!("around a failure").in_scope(|| {
            info_span!("failure inside").in_scope(|| error!("inside"));
        });
    };
    assert_eq!(in_request("/several", work), 200);
    assert_eq!(span("outer failure").error(), Some("last"));
    assert_eq!(span("inner failure").error(), Some("inner"));
    assert_eq!(span("failure inside").error(), Some("inside"));
    assert_eq!(span("around a failure").error(), None);
}

/// A request that fails says why, if something was logged.
#[test]
fn a_request_that_fails_says_why() {
    let handler = async || {
        error!("the store is gone");
        StatusCode::SERVICE_UNAVAILABLE
    };
    let app = Router::new().route("/why", get(handler));
    assert_eq!(answered(app, "/why"), 503);
    assert_eq!(span("GET /why").error(), Some("the store is gone"));
}

/// A line without a message of its own has that of its error.
#[test]
fn lines_without_a_message() {
    let work = || {
        let _span = info_span!("no message", case = "instrumented").entered();
        #[instrument(err)]
        fn no_message() -> Result<(), io::Error> {
            Err(io::Error::other("no tape for anna@example.org"))
        }
        drop(no_message());
    };
    assert_eq!(in_request("/no-message", work), 200);
    let is = |line: &serde_json::Map<_, _>| crate::labels(line).get("case").is_some();
    let line_of_error = line_where(|line| is(line) && line["log.level"] == "error");
    assert_eq!(line_of_error["message"], "no tape for [redacted]");
    assert_eq!(line_of_error["error.message"], "no tape for [redacted]");
    let own = || error!(error = "not this", "its own message");
    assert_eq!(in_request("/own-message", own), 200);
    assert_eq!(line("its own message")["error.message"], "not this");
}

/// OTLP has each key once; ours comes first, then the first of the event.
#[test]
fn no_key_comes_twice() {
    let log_twice: fn() = || log::info!(a = 1, a = 2; "/once/keys");
    let cases = [
        (
            "/once/level",
            (|| info!(level = 3, "/once/level")) as fn(),
            ("level", "INFO"),
        ),
        ("/once/keys", log_twice, ("a", "1")),
        (
            "/once/exception",
            || {
                info!(
                    exception.message = "first",
                    error = "second",
                    "/once/exception"
                )
            },
            ("exception.message", "first"),
        ),
        (
            "/once/error",
            || info!(error = "first", exception.message = "second", "/once/error"),
            ("exception.message", "first"),
        ),
    ];
    for (path, work, (key, expected)) in cases {
        assert_eq!(in_request(path, work), 200, "{path}");
        let request = span(&format!("GET {path}"));
        // The collector refuses a key that comes twice.
        assert_eq!(request.events[0].attributes()[key], expected, "{path}");
    }
}
