//! Fields of spans that say what the span is: `otel.name`, `otel.kind`, `otel.status_code`, `otel.status_message`.

use tracing::field::Empty;
use tracing::{error, info_span};

use crate::{in_request, span};

#[test]
fn names_and_kinds() {
    let work = || {
        let _ = info_span!("not shown", otel.name = "GET /stock", otel.kind = "client");
        let _ = info_span!("producer", otel.kind = ?"producer", sku = 7);
        for kind in ["internal", "SERVER", "Consumer", "robot"] {
            let span = info_span!("of a kind", otel.kind = kind, otel.name = Empty);
            span.record(
                "otel.name",
                tracing::field::display(format_args!("a span of {kind}")),
            );
        }
    };
    assert_eq!(in_request("/kinds", work), 200);
    for (name, kind) in [
        ("a span of internal", 1),
        ("a span of SERVER", 2),
        ("GET /stock", 3),
        ("a span of Consumer", 5),
        ("a span of robot", 1),
    ] {
        assert_eq!(span(name).kind, kind, "{name}");
        assert_eq!(span(name).attribute("otel.name"), None, "{name}");
    }
    assert_eq!(span("producer").attribute("sku").as_deref(), Some("7"));
    assert_eq!(span("GET /stock").attribute("otel.kind"), None);
    let unknown = span("a span of robot").attribute("otel.kind");
    assert_eq!(
        unknown.as_deref(),
        Some("robot"),
        "what means nothing is an attribute"
    );
}

#[test]
fn statuses() {
    // The fields in their order, whether an error is logged, and what comes of it.
    type Case = (
        &'static str,
        &'static [(&'static str, &'static str)],
        bool,
        i32,
        &'static str,
    );
    const CODE: &str = "otel.status_code";
    const MESSAGE: &str = "otel.status_message";
    let cases: [Case; 10] = [
        ("status ok", &[(CODE, "OK")], false, 1, ""),
        ("status error", &[(CODE, "ERROR")], false, 2, ""),
        (
            "status lower",
            &[(CODE, "error"), (MESSAGE, "late")],
            false,
            2,
            "late",
        ),
        (
            "status message first",
            &[(MESSAGE, "late"), (CODE, "error")],
            false,
            2,
            "late",
        ),
        ("status message", &[(MESSAGE, "late")], false, 2, "late"),
        (
            "status description",
            &[("otel.status_description", "late")],
            false,
            2,
            "late",
        ),
        ("status ok all the same", &[(CODE, "ok")], true, 1, ""),
        ("status with reason", &[(CODE, "error")], true, 2, "logged"),
        (
            "status with another reason",
            &[(MESSAGE, "late")],
            true,
            2,
            "late",
        ),
        ("status none", &[], true, 2, "logged"),
    ];
    let work = move || {
        for (name, fields, logs, ..) in cases {
            let span = info_span!(
                "status",
                otel.name = name,
                otel.status_code = Empty,
                otel.status_message = Empty,
                otel.status_description = Empty
            );
            span.in_scope(|| {
                if logs {
                    error!("logged")
                }
            });
            for (key, value) in fields {
                span.record(*key, value);
            }
        }
    };
    assert_eq!(in_request("/statuses", work), 200);
    for (name, _, _, code, message) in cases {
        assert_eq!(span(name).status(), (code, message.to_owned()), "{name}");
        assert_eq!(span(name).attribute(CODE), None, "{name}");
    }
}
