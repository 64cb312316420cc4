//! The layers in a subscriber of the service's own: each value is formatted once, whatever stands around them and between them.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use ecolaura_monitoring::{LogFormat, Monitoring, TracingLayer};
use tracing::field::Empty;
use tracing::{Dispatch, dispatcher, info, info_span};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, dynamic_filter_fn};
use tracing_subscriber::layer::{Filter, SubscriberExt as _};
use tracing_subscriber::registry;

use crate::{INSTALLED, Span};
use support::exchange::{request, send};
use support::lines::{Lines, labels, written};

static FORMATTED: AtomicUsize = AtomicUsize::new(0);

/// Counts how often values are formatted.
struct Counted(u32);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FORMATTED.fetch_add(1, Ordering::Relaxed);
        write!(f, "value {}", self.0)
    }
}

thread_local! {
    /// Which layers want what is logged now: lines, spans.
    static WANTED: Cell<[bool; 2]> = const { Cell::new([true; 2]) };
}

/// One place that logs, so that all its events are alike but for their values.
fn log(number: u32) {
    info!(value = %Counted(number), number, "logged");
}

struct Outcome {
    formatted: usize,
    lines: Vec<serde_json::Map<String, serde_json::Value>>,
    request: Span,
    work: Span,
}

/// What comes of eight events in all combinations of who wants them, of a span, and of what is recorded in it.
fn run(subscriber: impl Fn(&Monitoring) -> Dispatch) -> Outcome {
    let lines = Lines::default();
    let monitoring = Monitoring::builder("test")
        .logs(|logs| logs.without_subscriber())
        .logs(|logs| logs.writer(lines.clone()))
        .logs(|logs| logs.format(LogFormat::Ecs))
        .logs(|logs| logs.access_log(ecolaura_monitoring::AccessLog::none()))
        .traces(|traces| traces.otlp_endpoint(INSTALLED.collector.endpoint()))
        .build()
        .expect("a monitoring");
    let dispatch = subscriber(&monitoring);
    let (sender, trace) = std::sync::mpsc::channel();
    let handler = async move || {
        let context = ecolaura_monitoring::TraceContext::current().expect("a context");
        sender.send(context.trace_id()).expect("somebody waits");
        dispatcher::with_default(&dispatch, || {
            for number in 0..8 {
                WANTED.set([number & 1 == 0, number & 2 == 0]);
                log(number);
            }
            WANTED.set([true; 2]);
            let span = info_span!("work", first = %Counted(8), second = Empty);
            span.record("second", tracing::field::display(Counted(9)));
            span.record("second", tracing::field::display(Counted(10)));
            span.in_scope(|| info!("in the span"));
        });
    };
    let app = axum::Router::new()
        .route("/layers", axum::routing::get(handler))
        .layer(monitoring.layer());
    let before = FORMATTED.load(Ordering::Relaxed);
    let answer = INSTALLED.runtime.spawn(send(app, request("GET /layers")));
    let answer = INSTALLED.runtime.block_on(answer).expect("no panic");
    assert_eq!(answer.0, 200);
    let formatted = FORMATTED.load(Ordering::Relaxed) - before;
    let lines = written(&lines, &monitoring);
    let trace = trace.recv().expect("a trace id");
    let spans = INSTALLED.collector.spans().into_iter();
    let of_trace: Vec<_> = spans.filter(|span| span.trace() == trace).collect();
    let named = |name: &str| {
        let found = of_trace.iter().find(|span| span.name == name);
        found
            .cloned()
            .unwrap_or_else(|| panic!("{name}: {of_trace:?}"))
    };
    Outcome {
        formatted,
        lines,
        request: named("GET /layers"),
        work: named("work"),
    }
}

/// Lets spans through, and those events that a layer wants now.
fn wanted<S>(place: usize) -> impl Filter<S> {
    dynamic_filter_fn(move |metadata, _| metadata.is_span() || WANTED.get()[place])
}

#[test]
fn layers_in_any_order_and_with_filters() {
    let all = 0..8_u32;
    let of_lines: Vec<_> = all.clone().filter(|number| number & 1 == 0).collect();
    let of_spans: Vec<_> = all.clone().filter(|number| number & 2 == 0).collect();
    let all: Vec<_> = all.collect();
    type Make = Box<dyn Fn(&Monitoring) -> Dispatch>;
    type Case<'a> = (&'static str, Make, &'a [u32], &'a [u32], usize);
    let stacks: [Case<'_>; 5] = [
        (
            "lines, then spans",
            Box::new(|m| Dispatch::new(registry().with(m.log_layer()).with(TracingLayer::new()))),
            &all,
            &all,
            11,
        ),
        (
            "spans, then lines",
            Box::new(|m| Dispatch::new(registry().with(TracingLayer::new()).with(m.log_layer()))),
            &all,
            &all,
            11,
        ),
        (
            "each with a filter of its own",
            Box::new(|m| {
                let lines = m.log_layer().with_filter(wanted(0));
                let spans = TracingLayer::new().with_filter(wanted(1));
                Dispatch::new(registry().with(lines).with(spans))
            }),
            &of_lines,
            &of_spans,
            9,
        ),
        (
            "the same the other way round",
            Box::new(|m| {
                let lines = m.log_layer().with_filter(wanted(0));
                let spans = TracingLayer::new().with_filter(wanted(1));
                Dispatch::new(registry().with(spans).with(lines))
            }),
            &of_lines,
            &of_spans,
            9,
        ),
        (
            "another layer between them, which formats for itself",
            Box::new(|m| {
                let other = tracing_subscriber::fmt::layer()
                    .with_writer(std::io::sink)
                    .with_filter(LevelFilter::INFO);
                let stack = registry().with(m.log_layer()).with(other);
                Dispatch::new(stack.with(TracingLayer::new()))
            }),
            &all,
            &all,
            22,
        ),
    ];
    for (name, make, in_lines, in_spans, formatted) in stacks {
        let outcome = run(make);
        assert_eq!(outcome.formatted, formatted, "{name}");
        let (last, logged) = outcome.lines.split_last().expect("lines");
        let values: Vec<_> = logged
            .iter()
            .map(|line| {
                (
                    labels(line)["number"].clone(),
                    labels(line)["value"].clone(),
                )
            })
            .collect();
        let expected: Vec<_> = in_lines
            .iter()
            .map(|number| (number.to_string().into(), format!("value {number}").into()))
            .collect();
        assert_eq!(values, expected, "{name}");
        assert_eq!(labels(last)["first"], "value 8", "{name}");
        assert_eq!(labels(last)["second"], "value 10", "{name}");
        let values: Vec<_> = outcome
            .request
            .events
            .iter()
            .map(|event| {
                (
                    event.attributes()["number"].clone(),
                    event.attributes()["value"].clone(),
                )
            })
            .collect();
        let expected: Vec<_> = in_spans
            .iter()
            .map(|number| (number.to_string(), format!("value {number}")))
            .collect();
        assert_eq!(values, expected, "{name}");
        assert_eq!(
            outcome.work.attribute("first").as_deref(),
            Some("value 8"),
            "{name}"
        );
        assert_eq!(
            outcome.work.attribute("second").as_deref(),
            Some("value 10"),
            "{name}"
        );
    }
}
