//! What a log line costs whoever logs, beside tracing-subscriber's own JSON. `cargo bench -p benches --bench log_line`.
//!
//! See README.md beside this file for what each row means.

mod support;

use std::convert::Infallible;
use std::io;
use std::sync::LazyLock;

use axum::body::Body;
use ecolaura_monitoring::{AccessLog, LogFormat, Monitoring, Sampling, TracingLayer};
use http::{Request, Response};
use tokio::runtime::{Builder, Runtime};
use tower::Layer as _;
use tower::{ServiceExt as _, service_fn};
use tracing::{Dispatch, dispatcher, info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

use support::{Contender, Measured, Plan, Work, measure, table};

/// Lines in a batch: far fewer than find room, so that none is dropped.
const LINES: usize = 500;

/// Lines in a request: fewer than the events that a trace keeps.
const LINES_OF_REQUEST: usize = 100;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime")
});

static MONITORING: LazyLock<Monitoring> = LazyLock::new(|| {
    let monitoring = Monitoring::builder("bench")
        .logs(|logs| logs.writer(io::sink()))
        .logs(|logs| logs.format(LogFormat::Ecs))
        .logs(|logs| logs.max_lines_per_second(u32::MAX))
        .traces(|traces| traces.otlp_endpoint("http://127.0.0.1:9")) // nobody listens there
        .traces(|traces| traces.sampling(Sampling::ratio(0.0))) // spans are recorded until it is known that the request did not fail
        .logs(|logs| logs.access_log(AccessLog::none()))
        .build();
    monitoring.expect("the environment is empty")
});

static OURS: LazyLock<Dispatch> = LazyLock::new(|| {
    let subscriber = tracing_subscriber::registry()
        .with(MONITORING.log_layer())
        .with(TracingLayer::new());
    Dispatch::new(subscriber)
});

static THEIRS: LazyLock<Dispatch> = LazyLock::new(|| {
    let json = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(io::sink);
    Dispatch::new(tracing_subscriber::registry().with(json))
});

/// What is logged: from a message alone to a message with fields in a span with fields.
#[derive(Clone, Copy)]
enum Kind {
    Message,
    Fields,
    InSpan,
    /// In a request whose spans are recorded: each line is an event of the request's span, too.
    InRequest,
}

struct Logging(&'static LazyLock<Dispatch>, Kind);

impl Work for Logging {
    /// What waits is written before it is measured again.
    fn prepare(&mut self) {
        let flush = MONITORING.flush(std::time::Duration::from_secs(10));
        RUNTIME.block_on(flush).expect("lines are written");
    }

    #[inline(never)]
    fn run(&mut self) {
        let kind = self.1;
        dispatcher::with_default(self.0, || match kind {
            Kind::Message => (0..LINES).for_each(|_| info!("the parcel was handed to the carrier")),
            Kind::Fields => (0..LINES).for_each(with_fields),
            Kind::InSpan => {
                let span = info_span!("pack", warehouse = "north", order = 4711);
                span.in_scope(|| (0..LINES).for_each(with_fields));
            }
            Kind::InRequest => (0..LINES / LINES_OF_REQUEST).for_each(|_| in_request()),
        });
    }
}

fn in_request() {
    let service = service_fn(async |_: Request<Body>| {
        (0..LINES_OF_REQUEST).for_each(with_fields);
        Ok::<_, Infallible>(Response::new(Body::empty()))
    });
    let answer = MONITORING
        .layer()
        .layer(service)
        .oneshot(Request::new(Body::empty()));
    let Ok(answer) = RUNTIME.block_on(answer);
    drop(answer);
}

fn with_fields(number: usize) {
    info!(
        carrier = "bike",
        parcels = number,
        weight = 1.25,
        "the parcel was handed to the carrier"
    );
}

fn main() {
    let contenders = [
        Contender::new("ours: a message", || Logging(&OURS, Kind::Message)),
        Contender::new("tracing-subscriber: a message", || {
            Logging(&THEIRS, Kind::Message)
        }),
        Contender::new("ours: three fields", || Logging(&OURS, Kind::Fields)),
        Contender::new("tracing-subscriber: three fields", || {
            Logging(&THEIRS, Kind::Fields)
        }),
        Contender::new("ours: three fields, in a span", || {
            Logging(&OURS, Kind::InSpan)
        }),
        Contender::new("tracing-subscriber: three fields, in a span", || {
            Logging(&THEIRS, Kind::InSpan)
        }),
        Contender::new("ours: three fields, in a recorded request", || {
            Logging(&OURS, Kind::InRequest)
        }),
        Contender::new("tracing-subscriber: three fields, in a request", || {
            Logging(&THEIRS, Kind::InRequest)
        }),
    ];
    let measured = measure(&Plan::new(2, LINES), &contenders);
    let rows: Vec<table::Row> = measured
        .chunks(2)
        .flat_map(|pair| pair.iter().map(|one| row(one, &pair[1])))
        .collect();
    let headings = ["a line", "ns", "/ theirs", "2 threads / 1", "allocations"];
    table::print("Log lines", &headings, &rows);
    println!();
    for pair in measured.chunks(2) {
        let ratio = pair[0].own().alone / pair[1].own().alone;
        table::target(
            &format!("{} / tracing-subscriber's JSON", pair[0].name),
            ratio,
            1.0,
        );
        // An event of a span is kept until its request ends.
        if !pair[0].name.contains("recorded") {
            table::target(
                "allocations of the thread that logs",
                pair[0].allocations,
                0.0,
            );
        }
    }
    let dropped = MONITORING.metrics().render();
    let dropped = dropped
        .lines()
        .filter(|line| line.contains("lines_dropped_total{"));
    dropped.for_each(|line| println!("{line}"));
}

fn row(measured: &Measured, theirs: &Measured) -> table::Row {
    let own = measured.own();
    vec![
        measured.name.to_owned(),
        format!("{:.0}", own.alone),
        format!("{:.2}", own.alone / theirs.own().alone),
        format!("{:.2}", own.two_to_one()),
        format!("{:.2}", measured.allocations),
    ]
}
