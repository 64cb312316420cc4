//! Calls monitored functions and compares what was counted.

use std::future::{Future, poll_fn};
use std::task::{Context, Poll, Waker};

use ecolaura_monitoring::Monitoring;

/// Runs `calls` and expects each status of `endpoint` to be counted as often as `expected` says, and each call to be timed.
pub fn check(endpoint: &str, expected: &[(&str, u64)], calls: impl FnOnce()) {
    let monitoring = Monitoring::builder("test").build().expect("a monitoring");
    monitoring.enter(calls);
    let recorded = monitoring.recorded();
    for (status, count) in expected {
        let labels = [("endpoint", endpoint), ("http_status", status)];
        let counted = recorded.value("request_count_total", &labels);
        assert_eq!(counted, Some(*count as f64), "{endpoint} {status}");
    }
    let calls: u64 = expected.iter().map(|(_, count)| count).sum();
    let labels = [("endpoint", endpoint)];
    let counted = recorded.value("request_count_total", &labels);
    assert_eq!(
        counted.unwrap_or_default(),
        calls as f64,
        "all of {endpoint}"
    );
    let timed = recorded.histogram("request_latency_seconds", &labels);
    assert_eq!(
        timed.map_or(0, |timed| timed.count),
        calls,
        "timed of {endpoint}"
    );
}

/// Runs a future that waits for nothing but [`pause`].
pub fn run<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
}

/// Lets a future run until it waits, then drops it.
pub fn drop_half_way(future: impl Future) {
    assert!(poll(Box::pin(future).as_mut()).is_pending());
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Waits once.
pub async fn pause() {
    let mut waited = false;
    poll_fn(|_| match std::mem::replace(&mut waited, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}
