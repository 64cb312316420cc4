//! Searches that somebody who is on call begins with.

use serde_json::json;

use crate::elastic::kibana::{Kind, Object, source};
use crate::kit::Kit;

/// A search in a stream, or in all of them.
struct Search {
    id: &'static str,
    title: &'static str,
    /// When it helps.
    about: &'static str,
    stream: &'static str,
    query: &'static str,
    columns: &'static [&'static str],
    order: &'static str,
}

const fn search(
    id: &'static str,
    title: &'static str,
    about: &'static str,
    [stream, query]: [&'static str; 2],
    columns: &'static [&'static str],
) -> Search {
    Search {
        id,
        title,
        about,
        stream,
        query,
        columns,
        order: "desc",
    }
}

const REQUEST: &[&str] = &[
    "event.module",
    "event.action",
    "http.response.status_code",
    "event.duration",
    "url.path",
    "trace.id",
];
const QUERY: &[&str] = &[
    "event.module",
    "event.action",
    "event.duration",
    "message",
    "trace.id",
];

/// The times are those of the alerts and of `deploy/postgresql`: half a second for a request, a quarter for a statement.
const SEARCHES: [Search; 12] = [
    search(
        "errors",
        "Errors",
        "Whatever failed, in all streams.",
        ["", "log.level:error"],
        &[
            "service.name",
            "event.dataset",
            "message",
            "error.message",
            "trace.id",
        ],
    ),
    search(
        "alerts",
        "Noted alerts",
        "Alerts of the tier info, which nobody is told of: look through them now and then.",
        ["", "event.kind:alert"],
        &[
            "event.action",
            "message",
            "event.reason",
            "service.environment",
        ],
    ),
    Search {
        order: "asc",
        ..search(
            "trace",
            "One trace",
            "What was written for one request, by whomever, in its order. Add to the query: AND trace.id:\"…\"",
            ["", "_exists_:trace.id"],
            &[
                "service.name",
                "event.dataset",
                "event.module",
                "message",
                "event.duration",
                "trace.id",
            ],
        )
    },
    search(
        "slow-requests",
        "Slow requests",
        "Requests that took half a second or more.",
        [".access", "event.duration:[500000000 TO *]"],
        REQUEST,
    ),
    search(
        "failed-requests",
        "Failed requests",
        "What the service itself answered with 5xx, panicked at, or did not answer in time.",
        [".access", "NOT event.module:nginx AND log.level:error"],
        REQUEST,
    ),
    search(
        "nginx-5xx",
        "nginx: 5xx",
        "What customers were answered with 5xx, also where the service knows nothing of it.",
        [
            ".access",
            "event.module:nginx AND http.response.status_code:[500 TO 599]",
        ],
        REQUEST,
    ),
    search(
        "gone-clients",
        "Clients that left",
        "Requests that nobody waited for any more.",
        [
            ".access",
            "http.response.status_code:499 OR labels.outcome:aborted",
        ],
        REQUEST,
    ),
    search(
        "slow-queries",
        "Slow queries",
        "Queries that took a quarter of a second or more.",
        [".database", "event.duration:[250000000 TO *]"],
        QUERY,
    ),
    search(
        "failed-queries",
        "Failed queries",
        "Queries that failed, and errors of the database.",
        [".database", "event.outcome:failure"],
        &[
            "event.module",
            "event.action",
            "error.code",
            "error.message",
            "message",
            "trace.id",
        ],
    ),
    search(
        "failed-logins",
        "Failed logins",
        "Attempts to authenticate that failed; `user.hash` is the same for the same user.",
        [".authentication", "event.outcome:failure"],
        &[
            "event.action",
            "event.reason",
            "source.ip",
            "user.hash",
            "trace.id",
        ],
    ),
    search(
        "changes",
        "What operators changed",
        "Changes by /control, and attempts that were refused.",
        [".application", "event.category:configuration"],
        &[
            "event.action",
            "event.outcome",
            "source.ip",
            "labels",
            "service.node.name",
        ],
    ),
    search(
        "not-understood",
        "Not understood",
        "Lines that are no JSON, fields that are unknown or of a wrong type, and lines that were left out.",
        [
            "",
            "event.kind:pipeline_error OR tags:(unknown_field OR wrong_type OR no_timestamp)",
        ],
        &[
            "event.dataset",
            "tags",
            "message",
            "labels",
            "log.file.path",
        ],
    ),
];

pub(crate) fn all(kit: &Kit) -> Vec<Object> {
    SEARCHES.iter().map(|search| object(kit, search)).collect()
}

/// The id of a search.
pub(crate) fn id(kit: &Kit, name: &str) -> String {
    format!("{}.search.{name}", kit.logs())
}

fn object(kit: &Kit, search: &Search) -> Object {
    let data_view = format!("{}{}", kit.logs(), search.stream);
    let (meta, reference) = source(&data_view, search.query);
    Object {
        id: id(kit, search.id),
        kind: Kind::Search,
        attributes: json!({
            "title": format!("{}: {}", kit.job, search.title),
            "description": search.about,
            "columns": search.columns,
            "sort": [["@timestamp", search.order]],
            "hits": 0,
            "version": 1,
            "kibanaSavedObjectMeta": meta,
        }),
        references: vec![reference],
    }
}
