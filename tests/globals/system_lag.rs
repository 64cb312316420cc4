//! A runtime that is blocked is seen while it lasts and afterwards.

use std::time::{Duration, Instant};
use support::alone;

use ecolaura_monitoring::Monitoring;
use tokio::task::yield_now;

const LONG: Duration = Duration::from_secs(60);

/// What was observed: how many tries, and how many of them took at most a quarter of a second.
fn observed(monitoring: &Monitoring) -> (u64, u64) {
    let recorded = monitoring.recorded();
    let histogram = recorded
        .histogram("tokio_lag_seconds", &[])
        .expect("a histogram");
    let quarter = histogram.buckets.iter().find(|(bound, _)| *bound == 0.25);
    (histogram.count, quarter.expect("a bucket").1)
}

#[tokio::test(flavor = "current_thread")]
async fn a_runtime_that_is_blocked_is_seen_while_it_lasts_and_afterwards() {
    if !alone!() {
        return;
    }
    let builder = Monitoring::builder("test").without_listener();
    let monitoring = builder.init().expect("the first of this process");
    let end = Instant::now() + LONG;
    while observed(&monitoring).0 == 0 && Instant::now() < end {
        yield_now().await;
    }
    let (tries, quick) = observed(&monitoring);
    assert!(tries > 0, "nothing was observed");

    // No task of this runtime runs as long as this goes on.
    let current = || {
        monitoring
            .recorded()
            .value("tokio_lag_current_seconds", &[])
    };
    while current().expect("a gauge") < 0.3 {
        assert!(Instant::now() < end, "the gauge shows nothing");
        std::thread::yield_now();
    }
    assert_eq!(observed(&monitoring), (tries, quick), "it has not run");

    while observed(&monitoring).0 == tries && Instant::now() < end {
        yield_now().await;
    }
    let (more, as_quick) = observed(&monitoring);
    // More than one where the machine had this wait for seconds.
    assert!(more > tries, "one more");
    assert_eq!(as_quick, quick, "that took longer");
    let text = monitoring.metrics().render();
    for line in [
        "tokio_workers 1",
        "# TYPE tokio_lag_seconds histogram",
        "# TYPE system_cpu_cores gauge",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
}
