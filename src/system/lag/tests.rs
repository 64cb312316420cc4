//! A runtime that is blocked, one that ends, and how much is given to it.

use tokio::runtime::Builder;

use super::*;
use crate::system::fixture::{Lines, until};

const AT_ONCE: Duration = Duration::from_millis(1);

fn registry() -> Registry {
    Registry::new(100)
}

fn histogram(registry: Registry) -> Histogram {
    resolve(registry.own(catalog::TOKIO_LAG), &[])
}

#[test]
fn a_task_that_runs_is_observed_and_then_nothing_waits() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let registry = registry();
    let histogram = histogram(registry);
    every(AT_ONCE, runtime.handle().clone(), registry);
    until("three tries", || histogram.count() >= 3);
}

#[test]
fn while_one_waits_no_other_is_given_and_it_is_told_how_long() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let (lag, histogram) = (Lag::new(), histogram(registry()));
    let (of_thread, handle) = (lag.clone(), runtime.handle().clone());
    let thread = thread::spawn(move || of_thread.measure(AT_ONCE, &handle, histogram));
    // Nobody runs the tasks of this runtime yet.
    let waits = |at_least: Duration| match lag.state() {
        State::Waits(since) => since.elapsed() > at_least,
        _ => false,
    };
    until("a long time", || waits(AT_ONCE * 50));
    assert_eq!(
        (runtime.metrics().num_alive_tasks(), histogram.count()),
        (1, 0)
    );
    let [line] = &Lines::of(&lag)[..] else {
        panic!("one number")
    };
    let seconds: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((0.05..30.0).contains(&seconds), "{line}");
    // One of each millisecond that it waited.
    runtime.block_on(until_there_are(50, histogram));
    drop(runtime);
    thread.join().expect("the thread ends with the runtime");
    assert_eq!(lag.state(), State::Ended);
    assert_eq!(Lines::of(&lag), [""; 0]);
}

async fn until_there_are(expected: u64, histogram: Histogram) {
    let end = Instant::now() + Duration::from_secs(30);
    while histogram.count() == 0 && Instant::now() < end {
        tokio::task::yield_now().await;
    }
    until("those of the tasks that were not given", || {
        histogram.count() >= expected
    });
}

#[test]
fn a_long_wait_is_observed_as_often_as_there_would_have_been_tasks() {
    let check = |waited: &str, expected: &[&str]| {
        let time = |seconds: &&str| Duration::from_secs_f64(seconds.parse().unwrap());
        let found: Vec<Duration> = waits(time(&waited), Duration::from_secs(1)).collect();
        let expected: Vec<Duration> = expected.iter().map(time).collect();
        assert_eq!(found, expected, "{waited}");
    };
    check("0", &["0"]);
    check("0.25", &["0.25"]);
    check("1", &["1"]);
    check("1.75", &["1.75"]);
    check("2", &["2", "1"]);
    check("4.5", &["4.5", "3.5", "2.5", "1.5"]);
    // A minute of five that is blocked is a fifth of the observations.
    let count = |seconds| waits(Duration::from_secs(seconds), Duration::from_secs(1)).count();
    assert_eq!(count(60), 60);
    assert_eq!(count(10_000), MOST);
    assert_eq!(
        waits(Duration::MAX, Duration::from_secs(1)).next(),
        Some(Duration::MAX)
    );
}

/// Also where a runtime ends between two tries.
#[test]
fn the_thread_ends_where_there_is_no_runtime_any_more() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    let lag = Lag::new();
    lag.measure(AT_ONCE, &handle, histogram(registry()));
    assert_eq!(lag.state(), State::Ended);
}

#[test]
fn without_a_runtime_nothing_is_watched() {
    let registry = registry();
    watch(registry);
    assert_eq!(registry.render(), "");
}

#[test]
fn where_nothing_waits_it_is_0() {
    let expected = format!("{}  0", catalog::TOKIO_LAG_CURRENT.name());
    assert_eq!(Lines::of(&Lag::new()), [expected]);
}
