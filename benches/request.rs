//! What a measured request costs, over an axum router that nobody measures. `cargo bench -p benches --bench request`.
//!
//! See README.md beside this file for what each row means.

mod support;

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use ecolaura_monitoring::{Monitoring, monitor};

use support::app::{self, Client, REQUESTS, TEMPLATES, served};
use support::floor::{Carry, Handles, Nothing, Timer};
use support::{Contender, Measured, Plan, measure, table};

static MONITORING: LazyLock<Monitoring> = LazyLock::new(|| {
    let builder = Monitoring::builder("bench").without_listener();
    let builder = builder.without_traces();
    let builder = builder.without_logs(); // nobody else's contender writes a line for each request
    builder.init().expect("the only one of the process")
});

fn main() {
    requests();
    functions();
}

fn requests() {
    let contenders = [
        Contender::new("bare", || Client::of(served(app::plain()))),
        Contender::new("pass-through, Router::layer", || {
            Client::of(served(app::plain().layer(Carry::<Nothing>::layer())))
        }),
        Contender::new("floor, Router::layer", || {
            Client::of(served(app::plain().layer(Carry::<Timer>::layer())))
        }),
        Contender::new("floor, at the handler", || {
            Client::of(served(app::floored()))
        }),
        Contender::new("ours, Router::layer", || {
            Client::of(served(app::plain().layer(MONITORING.layer())))
        }),
        Contender::new("ours, Router::layer and #[monitor]", || {
            Client::of(served(app::monitored().layer(MONITORING.layer())))
        }),
        Contender::new("ours, around, #[monitor]", || {
            Client::of(MONITORING.around(served(app::monitored())))
        }),
        Contender::new("ours, around, routes()", || {
            let around = MONITORING.around(served(app::plain()));
            Client::of(around.routes(TEMPLATES).expect("good templates"))
        }),
    ];
    let measured = measure(&Plan::new(16, REQUESTS), &contenders);
    let [
        bare,
        pass,
        floor_layer,
        floor_handler,
        layer,
        _,
        around,
        routes,
    ] = &measured[..]
    else {
        unreachable!("there are as many as contenders")
    };
    let rows: Vec<table::Row> = measured
        .iter()
        .skip(1)
        .map(|m| row(m, bare, floor_layer, floor_handler))
        .collect();
    let headings = [
        "request, 32 routes",
        "ns over bare",
        "2 threads / 1",
        "/ floor, Router::layer",
        "/ floor, at the handler",
        "allocations over bare",
    ];
    table::print("A request", &headings, &rows);
    println!();
    let over = |m: &Measured| m.over(bare);
    let (at_layer, at_handler) = (over(floor_layer).alone, over(floor_handler).alone);
    table::target(
        "ours through Router::layer / the floor there",
        over(layer).alone / at_layer,
        1.25,
    );
    table::target(
        "ours around the router with #[monitor] / the floor at the handler",
        over(around).alone / at_handler,
        2.0,
    );
    table::target(
        "ours around the router with routes() / the floor at the handler",
        over(routes).alone / at_handler,
        2.0,
    );
    for m in [layer, around, routes] {
        let what = format!("{}: two threads / one", m.name);
        table::target(&what, over(m).two_to_one(), 1.2);
    }
    table::target(
        "ours through Router::layer: allocations above a pass-through",
        layer.allocations - pass.allocations,
        0.0,
    );
    for m in [around, routes] {
        let above = m.allocations - bare.allocations;
        table::target(&format!("{}: allocations above bare", m.name), above, 0.0);
    }
}

fn row(m: &Measured, bare: &Measured, layer: &Measured, handler: &Measured) -> table::Row {
    let over = m.over(bare);
    let to = |floor: &Measured| format!("{:.2}", over.alone / floor.over(bare).alone);
    vec![
        m.name.to_owned(),
        format!("{:.0}", over.alone),
        format!("{:.2}", over.two_to_one()),
        to(layer),
        to(handler),
        format!("{:.2}", m.allocations - bare.allocations),
    ]
}

const CALLS: usize = 1024;

fn functions() {
    let _ = &*MONITORING;
    let contenders = [
        Contender::repeat("async fn", CALLS, |value| call(plain(value))),
        Contender::repeat("two Instant::now", CALLS, |value| call(clocked(value))),
        Contender::repeat("two Instant::now and three adds", CALLS, |value| {
            call(floored(value))
        }),
        Contender::repeat("#[monitor]", CALLS, |value| call(monitored(value))),
    ];
    let measured = measure(&Plan::new(8, CALLS), &contenders);
    let [bare, clock, _, ours] = &measured[..] else {
        unreachable!("there are as many as contenders")
    };
    let rows: Vec<table::Row> = measured
        .iter()
        .skip(1)
        .map(|m| {
            let over = m.over(bare);
            vec![
                m.name.to_owned(),
                format!("{:.1}", over.alone),
                format!("{:.2}", over.two_to_one()),
                format!("{:.2}", over.alone / clock.over(bare).alone),
                format!("{:.2}", m.allocations - bare.allocations),
            ]
        })
        .collect();
    let headings = [
        "function",
        "ns over bare",
        "2 threads / 1",
        "/ two Instant::now",
        "allocations",
    ];
    table::print("A function", &headings, &rows);
    println!();
    table::target(
        "#[monitor] on an async fn / two Instant::now",
        ours.over(bare).alone / clock.over(bare).alone,
        1.5,
    );
    table::target("#[monitor]: allocations", ours.allocations, 0.0);
}

#[inline]
fn call(future: impl Future<Output = u64>) {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => drop(black_box(value)),
        Poll::Pending => panic!("the functions answer at once"),
    }
}

async fn plain(value: u64) -> u64 {
    black_box(value)
}

async fn clocked(value: u64) -> u64 {
    let started = Instant::now();
    let value = async { black_box(value) }.await;
    black_box(started.elapsed());
    value
}

async fn floored(value: u64) -> u64 {
    static HANDLES: Handles = Handles::new();
    let started = Instant::now();
    let value = async { black_box(value) }.await;
    HANDLES.record(started);
    value
}

#[monitor("benchmarked")]
async fn monitored(value: u64) -> u64 {
    black_box(value)
}
