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
    runtime.block_on(async {
        until_it_ran(histogram).await;
    });
    drop(runtime);
    thread.join().expect("the thread ends with the runtime");
    assert_eq!(lag.state(), State::Ended);
    assert_eq!(Lines::of(&lag), [""; 0]);
}

async fn until_it_ran(histogram: Histogram) {
    let end = Instant::now() + Duration::from_secs(30);
    while histogram.count() == 0 && Instant::now() < end {
        tokio::task::yield_now().await;
    }
    assert!(histogram.count() > 0);
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
