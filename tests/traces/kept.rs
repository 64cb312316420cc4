//! Which traces are exported: a share, no more than so many, and those that failed or were slow; with all that belongs to them.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::Sampling;
use http::StatusCode;
use tracing::info;
use tracing::instrument::WithSubscriber as _;

use support::exchange::{request, send};
use support::traced::{
    PARENT, UNSAMPLED, built, charge, flushed, order, subscriber, traced, with_header,
};

/// The names of the spans that are exported of requests that end in each way, with this sampling and header.
async fn kept(sampling: Sampling, traceparent: Option<&str>) -> Vec<String> {
    let (collector, monitoring) =
        built(|builder| builder.traces(|traces| traces.sampling(sampling))).await;
    let slow = async || tokio::time::sleep(Duration::from_millis(30)).await;
    let app = Router::new()
        .route("/good", get(order))
        .route(
            "/bad",
            get(async || {
                charge(1);
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route("/slow", get(slow))
        .layer(monitoring.layer());
    for path in ["/good", "/bad", "/slow"] {
        let line = format!("GET {path}");
        let sent = match traceparent {
            Some(value) => with_header(&line, "traceparent", value),
            None => request(&line),
        };
        send(app.clone(), sent).await;
    }
    flushed(&monitoring).await;
    let mut names: Vec<_> = collector
        .spans()
        .into_iter()
        .map(|span| span.name)
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn sampling() {
    let none = Sampling::ratio(0.0);
    let all = [
        "GET /bad",
        "GET /good",
        "GET /slow",
        "charge",
        "charge",
        "order",
    ];
    for (sampling, traceparent, expected) in [
        (Sampling::default(), None, &all[..]),
        (Sampling::none(), None, &[]),
        (Sampling::none(), Some(PARENT), &all),
        (Sampling::none().parent_based(false), Some(PARENT), &[]),
        (none, None, &["GET /bad", "charge"]),
        (none.keep_failed(false), None, &[]),
        (
            Sampling::default(),
            Some(UNSAMPLED),
            &["GET /bad", "charge"],
        ),
        (
            Sampling::default().parent_based(false),
            Some(UNSAMPLED),
            &all,
        ),
        (
            none.keep_failed(false)
                .keep_slower_than(Duration::from_millis(20)),
            None,
            &["GET /slow"],
        ),
        (
            Sampling::default().max_per_second(0),
            None,
            &["GET /bad", "charge"],
        ),
    ] {
        let found = kept(sampling, traceparent).await;
        assert_eq!(found, expected, "{sampling:?} {traceparent:?}");
    }
}

/// Also what was recorded before that was known.
#[tokio::test]
async fn what_is_kept_at_last_has_the_state_of_its_trace() {
    let (collector, monitoring) = traced().await;
    let handler = async || {
        charge(1);
        StatusCode::BAD_GATEWAY
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    let mut sent = with_header("GET /", "traceparent", UNSAMPLED);
    let state = "a=1".parse().expect("a value");
    sent.headers_mut().append("tracestate", state);
    send(app, sent).await;
    flushed(&monitoring).await;
    for name in ["GET /", "charge"] {
        let span = collector.span(name);
        assert_eq!(span.trace(), &UNSAMPLED[3..35]);
        assert_eq!((&*span.trace_state, span.flags), ("a=1", 1), "{name}");
    }
}

/// Spans of a trace that is exported in any case leave while it goes on; what happened during the others stays.
#[tokio::test]
async fn a_trace_of_many_spans() {
    let (collector, monitoring) = traced().await;
    let handler = async || {
        info!("early");
        for n in 0..200 {
            charge(n);
        }
        info!("late");
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /"))
        .with_subscriber(subscriber())
        .await;
    flushed(&monitoring).await;
    assert_eq!(collector.spans().len(), 401);
    let events = collector.span("GET /").events;
    let names: Vec<_> = events.iter().map(|event| &*event.name).collect();
    assert_eq!(names, ["early", "late"]);
}

/// Of a trace that may be thrown away there is an end to what is collected.
#[tokio::test]
async fn a_trace_of_too_many_spans() {
    let (collector, monitoring) =
        built(|builder| builder.traces(|traces| traces.sampling(Sampling::ratio(0.0)))).await;
    let handler = async || {
        for n in 0..400 {
            charge(n);
        }
        StatusCode::BAD_GATEWAY
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /")).await;
    flushed(&monitoring).await;
    assert_eq!(collector.spans().len(), 257);
    let recorded = monitoring.recorded();
    let name = "monitoring_spans_dropped_total";
    let dropped = recorded.value(name, &[("reason", "buffer_full")]);
    assert_eq!(dropped, Some(144.0));
}

/// When everything fails, a tenth of what is begun in a second is kept of it.
#[tokio::test]
async fn no_more_than_some_are_kept_a_second() {
    let sampling = Sampling::ratio(0.0).max_per_second(20);
    let (collector, monitoring) =
        built(|builder| builder.traces(|traces| traces.sampling(sampling))).await;
    let app = Router::new()
        .route("/", get(async || StatusCode::BAD_GATEWAY))
        .layer(monitoring.layer());
    let begun = std::time::Instant::now();
    for _ in 0..200 {
        send(app.clone(), request("GET /")).await;
    }
    let seconds = usize::try_from(begun.elapsed().as_secs()).expect("not that long") + 2;
    flushed(&monitoring).await;
    let kept = collector.spans().len();
    assert!((2..=2 * seconds).contains(&kept), "{kept} in {seconds} s");
}

/// What is kept since it failed is what exemplars lead to.
#[tokio::test]
async fn exemplars_lead_to_spans_that_are_exported() {
    let (collector, monitoring) =
        built(|builder| builder.traces(|traces| traces.sampling(Sampling::ratio(0.0)))).await;
    let app = Router::new()
        .route("/good", get(async || ""))
        .route("/bad", get(async || StatusCode::BAD_GATEWAY))
        .layer(monitoring.layer());
    send(app.clone(), request("GET /good")).await;
    send(app, request("GET /bad")).await;
    flushed(&monitoring).await;
    let span = collector.span("GET /bad");
    let answer = monitoring
        .metrics()
        .encode([b"application/openmetrics-text".as_slice()]);
    let text = String::from_utf8(answer.body).expect("text");
    let exemplar = format!(
        "{{trace_id=\"{}\",span_id=\"{}\"}}",
        span.trace(),
        span.id()
    );
    let with_exemplar: Vec<_> = text.lines().filter(|line| line.contains("# {")).collect();
    assert!(!with_exemplar.is_empty());
    for line in with_exemplar {
        assert!(line.contains(&exemplar) && line.contains("/bad"), "{line}");
    }
}
