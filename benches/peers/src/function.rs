//! A measured function: `#[monitor]` and autometrics.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use autometrics::autometrics;
use autometrics::settings::AutometricsSettings;
use ecolaura_monitoring::monitor;

use crate::support::floor::Handles;
use crate::support::{Contender, Plan, measure, table};

const CALLS: usize = 1024;

pub(crate) fn functions() {
    AutometricsSettings::builder()
        .prometheus_registry(prometheus::Registry::new())
        .init();
    let contenders = [
        Contender::repeat("async fn", CALLS, |value| call(plain(value))),
        Contender::repeat("floor: two Instant::now and three adds", CALLS, |value| {
            call(floored(value))
        }),
        Contender::repeat("ours: #[monitor]", CALLS, |value| call(monitored(value))),
        Contender::repeat("autometrics 3 on prometheus", CALLS, |value| {
            call(autometered(value))
        }),
    ];
    let measured = measure(&Plan::new(8, CALLS), &contenders);
    let (bare, floor, ours) = (&measured[0], &measured[1], &measured[2]);
    let rows: Vec<table::Row> = measured
        .iter()
        .skip(1)
        .map(|m| {
            let over = m.over(bare);
            vec![
                m.name.to_owned(),
                format!("{:.1}", over.alone),
                format!("{:.2}", over.two_to_one()),
                format!("{:.2}", over.alone / floor.over(bare).alone),
                format!("{:.2}", over.alone / ours.over(bare).alone),
                format!("{:.2}", m.allocations - bare.allocations),
            ]
        })
        .collect();
    let headings = [
        "function",
        "ns over bare",
        "2 threads / 1",
        "/ floor",
        "/ ours",
        "allocations",
    ];
    table::print("A function with other crates", &headings, &rows);
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

#[autometrics]
async fn autometered(value: u64) -> u64 {
    black_box(value)
}
