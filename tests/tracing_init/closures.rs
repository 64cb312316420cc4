//! Closures that run elsewhere belong to the trace in which they were made.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::{CurrentSpans, CurrentTrace, TraceContext, TracingLayer, monitor};
use tracing::field::Empty;
use tracing::span::{Attributes, Id};
use tracing::{Dispatch, Instrument as _, Span, Subscriber, debug_span, info, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::{INSTALLED, answered, in_request, line, span};
use support::exchange::{request, send};
use support::lines::labels;

/// Where work is done that a request hands away.
#[derive(Clone, Copy, Debug)]
enum How {
    CurrentSpan,
    CurrentSpanInThread,
    CurrentTrace,
    InCurrentSpan,
}

const ALL: [How; 4] = [
    How::CurrentSpan,
    How::CurrentSpanInThread,
    How::CurrentTrace,
    How::InCurrentSpan,
];

/// What is done elsewhere: a span, a line in it, and a look at the context.
fn work(name: String) {
    info_span!("elsewhere", name).in_scope(|| info!("{name}: in a span"));
    let context = TraceContext::current().map(|context| context.trace_id());
    info!(context, "{name}");
}

async fn hand_away(how: How, name: String) {
    match how {
        How::CurrentSpan => {
            let span = Span::current();
            let work = move || span.in_scope(|| work(name));
            tokio::task::spawn_blocking(work).await.expect("no panic");
        }
        How::CurrentSpanInThread => {
            let span = Span::current();
            let work = move || span.in_scope(|| work(name));
            thread::spawn(work).join().expect("no panic");
        }
        How::CurrentTrace => {
            let trace = CurrentTrace::get();
            let work = move || trace.in_scope(|| work(name));
            tokio::task::spawn_blocking(work).await.expect("no panic");
        }
        How::InCurrentSpan => {
            let work = async move { work(name) };
            let work = tokio::spawn(work.in_current_span());
            work.await.expect("no panic");
        }
    }
}

async fn hand_all_away(place: &'static str) {
    for how in ALL {
        hand_away(how, format!("{place}, {how:?}")).await;
    }
}

#[monitor("in_function")]
async fn in_function() {
    hand_all_away("in_function").await;
}

#[tracing::instrument]
async fn in_span() {
    hand_all_away("in_span").await;
}

#[tracing::instrument(fields(order = 7))]
async fn around_function() {
    in_function_within().await;
}

#[monitor("in_function_within")]
async fn in_function_within() {
    hand_all_away("in_function_within").await;
}

/// Every way of handing work away, from everywhere.
#[test]
fn work_that_is_handed_away() {
    let handler = async || {
        hand_all_away("GET /away").await;
        in_function().await;
        in_span().await;
        around_function().await;
        // Of no level that spans are exported of.
        hand_all_away("in a detail")
            .instrument(debug_span!("detail"))
            .await;
    };
    let app = Router::new().route("/away", get(handler));
    assert_eq!(answered(app, "/away"), 200);
    let trace = span("GET /away").trace();
    let spans = INSTALLED.collector.spans();
    for (place, below) in [
        ("GET /away", "GET /away"),
        ("in_function", "in_function"),
        ("in_span", "in_span"),
        ("in_function_within", "in_function_within"),
        ("in a detail", "GET /away"),
    ] {
        for how in ALL {
            let name = format!("{place}, {how:?}");
            let named = |span: &&crate::Span| span.attribute("name").as_ref() == Some(&name);
            let elsewhere = spans.iter().find(named).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(elsewhere.parent(), span(below).id(), "{name}");
            let line = line(&name);
            assert_eq!(line["trace.id"], trace, "{name}");
            assert_eq!(labels(&line)["context"], trace, "{name}");
            let has_field = labels(&line).contains_key("order");
            let is_around = place == "in_function_within" && !matches!(how, How::CurrentTrace);
            assert_eq!(has_field, is_around, "{name}: fields of the span around");
        }
    }
}

/// Of a request that nobody records the lines are found by its trace id all the same.
#[test]
fn work_of_a_request_that_is_not_recorded() {
    use ecolaura_monitoring::{Monitoring, Sampling};
    let monitoring = Monitoring::builder("unrecorded")
        .logs(|logs| logs.without_subscriber())
        .without_logs()
        .traces(|traces| traces.otlp_endpoint(INSTALLED.collector.endpoint()))
        .traces(|traces| traces.sampling(Sampling::none()))
        .build()
        .expect("a monitoring");
    let (sender, trace) = std::sync::mpsc::channel();
    let handler = async move || {
        let context = TraceContext::current().expect("a context");
        sender.send(context.trace_id()).expect("somebody waits");
        hand_all_away("unrecorded").await;
        hand_all_away("unrecorded, in a span")
            .instrument(info_span!("unrecorded", order = 8))
            .await;
    };
    let app = Router::new()
        .route("/unrecorded", get(handler))
        .layer(monitoring.layer());
    let answer = INSTALLED
        .runtime
        .spawn(send(app, request("GET /unrecorded")));
    let answer = INSTALLED.runtime.block_on(answer).expect("no panic");
    assert_eq!(answer.0, 200);
    let trace = trace.recv().expect("a trace id");
    for place in ["unrecorded", "unrecorded, in a span"] {
        for how in ALL {
            let name = format!("{place}, {how:?}");
            let line = line(&name);
            assert_eq!(line["trace.id"], trace, "{name}");
            assert_eq!(labels(&line)["context"], trace, "{name}");
        }
    }
    let is_any = |span: &crate::Span| span.trace() == trace;
    assert!(!INSTALLED.collector.spans().iter().any(is_any));
}

#[monitor("records")]
fn records() {
    let current = Span::current();
    assert_eq!(
        current.metadata().map(|metadata| metadata.name()),
        Some("recorded_from_within")
    );
    current.record("user", "anna");
    info!("recorded");
}

#[tracing::instrument(fields(user = Empty))]
fn recorded_from_within() {
    records();
}

/// `#[instrument]` around `#[monitor]`: what is recorded in the current span is recorded in that with the field.
#[test]
fn a_field_that_is_recorded_in_the_current_span() {
    assert_eq!(in_request("/records", recorded_from_within), 200);
    assert_eq!(
        span("recorded_from_within").attribute("user").as_deref(),
        Some("anna")
    );
    assert_eq!(labels(&line("recorded"))["user"], "anna");
}

#[test]
fn outside_of_requests_nothing_has_changed() {
    let _installed = &*INSTALLED;
    assert!(Span::current().is_none());
    let span = info_span!("a span of its own");
    span.in_scope(|| assert_eq!(Span::current(), span));
}

/// Counts spans that begin and end.
#[derive(Clone, Default)]
struct Count(Arc<[AtomicUsize; 2]>, Arc<OnceLock<Dispatch>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Count {
    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if let Some(dispatch) = self.1.get() {
            let _ = dispatch.current_span(); // which a layer may ask for
        }
        self.0[0].fetch_add(1, Ordering::Relaxed);
    }

    fn on_close(&self, _: Id, _: Context<'_, S>) {
        self.0[1].fetch_add(1, Ordering::Relaxed);
    }
}

/// None of them stays, and there are none that nobody asked for.
#[test]
fn current_spans_end() {
    let count = Count::default();
    let subscriber = tracing_subscriber::registry()
        .with(TracingLayer::new())
        .with(count.clone());
    let subscriber = Dispatch::new(CurrentSpans::new(subscriber));
    count.1.set(subscriber.clone()).expect("it is set once");
    let kept = Arc::new(Mutex::new(Vec::new()));
    let of_request = Arc::clone(&kept);
    let work = move || {
        tracing::dispatcher::with_default(&subscriber, || {
            info!("nobody asks");
            for _ in 0..100 {
                let span = Span::current();
                let inner = span.in_scope(|| {
                    assert_eq!(Span::current(), span, "it is itself the current one");
                    Span::current()
                });
                drop(span);
                of_request.lock().expect("no panic").push(inner.clone());
            }
        });
    };
    assert_eq!(in_request("/ends", work), 200);
    let counted = || {
        count
            .0
            .each_ref()
            .map(|count| count.load(Ordering::Relaxed))
    };
    assert_eq!(counted(), [100, 0]);
    kept.lock().expect("no panic").clear();
    assert_eq!(counted(), [100, 100]);
}
