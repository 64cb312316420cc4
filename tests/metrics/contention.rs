//! However many threads record while others scrape: nothing is lost, no count falls, and nothing is there twice.

use std::future::Future;
use std::pin::pin;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::metrics::{
    Counter, DynamicFamily, Family, Gauge, Histogram, LabelSet, LabelValue, Metric, Unit,
};
use ecolaura_monitoring::testing::{Recorded, RecordedHistogram};
use ecolaura_monitoring::{Monitoring, monitor};

use support::battery::{check, monitoring};
use support::exchange::{request, send};

const THREADS: usize = 8;

/// More than makes a series hot, so that it spreads to its copies while it is written.
const EACH: u64 = 20_000;

const ALL: u64 = THREADS as u64 * EACH;

#[derive(Clone, Copy, LabelValue)]
enum Plan {
    Seedling,
    Sapling,
    Forest,
}

#[derive(Clone, Copy, LabelSet)]
struct Packed {
    plan: Plan,
    gift: bool,
}

const PLANS: [Plan; 3] = [Plan::Seedling, Plan::Sapling, Plan::Forest];

const COUNT: Metric = Metric::counter("boxes_packed_total", "Boxes packed.");
const DEPTH: Metric = Metric::gauge("orders_waiting", "Orders waiting.");
const TIME: Metric = Metric::histogram("packing_seconds", "Time to pack.").unit(Unit::Seconds);
const SENT: Metric = Metric::counter("parcels_sent_total", "Parcels sent.").labels(&["carrier"]);

/// Runs `work` on many threads that start together, and `look` on this one, again and again until they are done.
fn together(work: impl Fn(usize) + Sync, mut look: impl FnMut()) {
    let (start, running) = (Barrier::new(THREADS + 1), AtomicUsize::new(THREADS));
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (work, start, running) = (&work, &start, &running);
            scope.spawn(move || {
                let _done = Done(running);
                start.wait();
                work(n);
            });
        }
        start.wait();
        while running.load(Ordering::Acquire) > 0 {
            look();
        }
    });
}

/// Counts a thread as done also when it panics, so that the test ends.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

fn total(recorded: &Recorded, name: &str) -> f64 {
    recorded.value(name, &[]).unwrap_or_default()
}

fn histogram(recorded: &Recorded) -> RecordedHistogram {
    let found = recorded.histogram("packing_seconds", &[]);
    found.expect("it is registered")
}

// --- values -----------------------------------------------------------------------------------------------------------------

#[test]
fn counters_lose_nothing_and_never_fall() {
    let monitoring = monitoring();
    let counter: Counter = monitoring.metrics().counter(COUNT).expect("a counter");
    let mut before = 0.0;
    together(
        |_| (0..EACH).for_each(|_| counter.inc()),
        || {
            let now = total(&monitoring.recorded(), "boxes_packed_total");
            assert!(now >= before, "it fell from {before} to {now}");
            before = now;
        },
    );
    assert_eq!(counter.value(), ALL);
}

/// A single addition can carry a counter past the point at which it spreads.
#[test]
fn counters_add_any_number() {
    let monitoring = monitoring();
    let counter: Counter = monitoring.metrics().counter(COUNT).expect("a counter");
    let work = |thread: usize| (0..EACH).for_each(|n| counter.add(n * thread as u64));
    together(work, || assert!(counter.value() <= 28 * EACH * EACH));
    // Threads 0 to 7 add 0 to 19,999 as often as their number is.
    assert_eq!(counter.value(), 28 * (EACH * (EACH - 1) / 2));
}

#[test]
fn gauges_lose_nothing() {
    let monitoring = monitoring();
    let gauge: Gauge = monitoring.metrics().gauge(DEPTH).expect("a gauge");
    let work = |thread: usize| {
        for _ in 0..EACH {
            gauge.add(3.0);
            gauge.dec();
            gauge.sub(if thread == 0 { 1.0 } else { 2.0 });
        }
    };
    together(work, || {
        let now = total(&monitoring.recorded(), "orders_waiting");
        let most = (EACH + 3 * THREADS as u64) as f64;
        assert!((-24.0..=most).contains(&now), "{now}");
    });
    assert_eq!(gauge.value(), EACH as f64);
}

#[test]
fn histograms_lose_nothing_and_never_fall() {
    let monitoring = monitoring();
    let times: Histogram = monitoring.metrics().histogram(TIME).expect("a histogram");
    let mut before = histogram(&monitoring.recorded());
    together(
        |_| (0..EACH).for_each(|n| times.observe_duration(Duration::from_micros(n * 100))),
        || {
            let now = histogram(&monitoring.recorded());
            assert!(
                now.count >= before.count && now.sum >= before.sum,
                "it fell"
            );
            for (now, before) in now.buckets.iter().zip(&before.buckets) {
                assert!(now.1 >= before.1, "the bucket {} fell", now.0);
            }
            let cumulative = now.buckets.iter().map(|(_, n)| *n).chain([now.count]);
            assert!(cumulative.is_sorted(), "{now:?}");
            before = now;
        },
    );
    let found = histogram(&monitoring.recorded());
    assert_eq!(found.count, ALL);
    // Each thread observes 0 to 1.9999 s, in steps of 0.1 ms.
    let each = (0..EACH).sum::<u64>() as f64 * 1e-4;
    assert!(
        (found.sum - THREADS as f64 * each).abs() < 1e-6,
        "{}",
        found.sum
    );
    for (bound, count) in found.buckets {
        let of_each = ((bound * 1e4).round() as u64 + 1).min(EACH);
        assert_eq!(count, THREADS as u64 * of_each, "up to {bound}");
    }
}

#[test]
fn families_lose_nothing_and_never_fall() {
    let monitoring = monitoring();
    let packed: Family<Counter, Packed> = monitoring
        .metrics()
        .counter_family(COUNT)
        .expect("a family");
    let mut before = 0.0;
    let work = |thread: usize| {
        for n in 0..EACH as usize {
            let (plan, gift) = (PLANS[n % 3], (n + thread).is_multiple_of(2));
            packed.get(Packed { plan, gift }).inc();
        }
    };
    together(work, || {
        let now = total(&monitoring.recorded(), "boxes_packed_total");
        assert!(now >= before, "it fell from {before} to {now}");
        before = now;
    });
    let recorded = monitoring.recorded();
    assert_eq!(total(&recorded, "boxes_packed_total"), ALL as f64);
    assert_eq!(recorded.label_sets("boxes_packed_total").len(), 6);
    for plan in ["seedling", "sapling", "forest"] {
        let count = recorded.value("boxes_packed_total", &[("plan", plan)]);
        let third = ALL as f64 / 3.0;
        assert!((count.expect("a series") - third).abs() <= THREADS as f64);
    }
}

/// A scrape is text that can be read, whatever is written meanwhile.
#[test]
fn scrapes_are_whole() {
    let monitoring = monitoring();
    let times: Histogram = monitoring.metrics().histogram(TIME).expect("a histogram");
    let sent: DynamicFamily<Counter, 1> = monitoring.metrics().dynamic(SENT).expect("a family");
    let mut before = 0;
    let work = |_| {
        for n in 0..EACH {
            times.observe(n as f64 * 1e-3);
            sent.get([["bike", "train", "ship"][n as usize % 3]]).inc();
        }
    };
    together(work, || {
        let text = monitoring.metrics().render();
        let count = value_in(&text, "packing_seconds_count ");
        assert_eq!(
            value_in(&text, "packing_seconds_bucket{le=\"+Inf\"} "),
            count
        );
        assert!(count >= before, "it fell from {before} to {count}");
        before = count;
    });
    let text = monitoring.metrics().render();
    assert_eq!(value_in(&text, "packing_seconds_count "), ALL);
    let carriers = ["bike", "train", "ship"];
    let sent =
        carriers.map(|by| value_in(&text, &format!("parcels_sent_total{{carrier=\"{by}\"}} ")));
    assert_eq!(sent.iter().sum::<u64>(), ALL);
}

/// The value of the one line of a scrape that starts like this.
fn value_in(text: &str, start: &str) -> u64 {
    let mut values = text.lines().filter_map(|line| line.strip_prefix(start));
    let value = values
        .next()
        .unwrap_or_else(|| panic!("{start}: not in {text}"));
    assert_eq!(values.next(), None, "{start}: twice in {text}");
    value.parse().expect("a whole number")
}

// --- races for a first time -------------------------------------------------------------------------------------------------

#[test]
fn a_race_to_register_makes_one_series() {
    for _ in 0..20 {
        let monitoring = monitoring();
        let metrics = monitoring.metrics();
        let work = |_| {
            metrics.counter(COUNT).expect("a counter").inc();
            metrics.gauge(DEPTH).expect("a gauge").inc();
            metrics.histogram(TIME).expect("a histogram").observe(0.1);
            let sent: DynamicFamily<Counter, 1> = metrics.dynamic(SENT).expect("a family");
            sent.get(["bike"]).inc();
        };
        together(work, || drop(metrics.render()));
        let recorded = monitoring.recorded();
        for name in ["boxes_packed_total", "orders_waiting", "parcels_sent_total"] {
            assert_eq!(recorded.label_sets(name).len(), 1, "{name}");
            assert_eq!(total(&recorded, name), THREADS as f64, "{name}");
        }
        assert_eq!(recorded.label_sets("packing_seconds").len(), 1);
        assert_eq!(histogram(&recorded).count, THREADS as u64);
    }
}

/// The first to come decides what a name stands for; the others are told.
#[test]
fn a_race_to_register_different_things_has_one_winner() {
    const OTHER: Metric = Metric::counter("boxes_packed_total", "Boxes, packed or not.");
    for _ in 0..20 {
        let monitoring = monitoring();
        let metrics = monitoring.metrics();
        let registered = AtomicUsize::new(0);
        let work = |thread: usize| {
            let metric = if thread.is_multiple_of(2) {
                COUNT
            } else {
                OTHER
            };
            if let Ok(counter) = metrics.counter(metric) {
                counter.inc();
                registered.fetch_add(1, Ordering::Relaxed);
            }
        };
        together(work, || drop(metrics.render()));
        assert_eq!(registered.into_inner(), THREADS / 2);
        let recorded = monitoring.recorded();
        assert_eq!(recorded.label_sets("boxes_packed_total").len(), 1);
        assert_eq!(total(&recorded, "boxes_packed_total"), (THREADS / 2) as f64);
    }
}

#[test]
fn a_race_for_new_labels_makes_one_series_each() {
    let monitoring = monitoring();
    let sent: DynamicFamily<Counter, 1> = monitoring.metrics().dynamic(SENT).expect("a family");
    let work = |thread: usize| {
        for n in 0..1000 {
            let n = if thread.is_multiple_of(2) { n } else { 999 - n };
            sent.get([&format!("carrier-{n}")]).inc();
        }
    };
    together(work, || drop(monitoring.recorded()));
    let recorded = monitoring.recorded();
    assert_eq!(recorded.label_sets("parcels_sent_total").len(), 1000);
    for n in 0..1000 {
        let labels = [("carrier", &*format!("carrier-{n}"))];
        let count = recorded.value("parcels_sent_total", &labels);
        assert_eq!(count, Some(THREADS as f64), "{n}");
    }
}

#[test]
fn a_race_for_the_last_place_loses_nothing() {
    let monitoring = Monitoring::builder("battery")
        .metrics(|metrics| metrics.max_series(10))
        .build();
    let monitoring = monitoring.expect("a monitoring");
    let sent: DynamicFamily<Counter, 1> = monitoring.metrics().dynamic(SENT).expect("a family");
    let work = |thread: usize| {
        for n in 0..1000 {
            sent.get([&format!("carrier-{}", n * (thread + 1))]).inc();
        }
    };
    together(work, || {
        let series = monitoring.recorded().label_sets("parcels_sent_total").len();
        assert!(series <= 11, "{series} series");
    });
    let recorded = monitoring.recorded();
    assert_eq!(recorded.label_sets("parcels_sent_total").len(), 11);
    assert_eq!(
        total(&recorded, "parcels_sent_total"),
        THREADS as f64 * 1000.0
    );
}

// --- requests ---------------------------------------------------------------------------------------------------------------

#[monitor("/monitored/{id}")]
async fn monitored() -> &'static str {
    "four"
}

/// The output of a future that waits for nothing.
fn now<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn requests_of_many_threads_are_all_counted() {
    const REQUESTS: usize = 2000;
    let monitoring = monitoring();
    let routes = Router::new()
        .route("/monitored/{id}", get(monitored))
        .route("/plain", get(|| async { "four" }));
    let app = routes.clone().layer(monitoring.layer());
    let around = monitoring.around(routes);
    let mut before = 0.0;
    let work = |_| {
        let (app, around) = (app.clone(), around.clone());
        for n in 0..REQUESTS {
            now(send(app.clone(), request("GET /plain")));
            now(send(app.clone(), request(&format!("GET /monitored/{n}"))));
            now(send(
                around.clone(),
                request(&format!("PUT /monitored/{n}")),
            ));
            now(send(around.clone(), request(&format!("GET /nothing/{n}"))));
        }
    };
    together(work, || {
        let now = total(&monitoring.recorded(), "http_requests_total");
        assert!(now >= before, "it fell from {before} to {now}");
        before = now;
    });
    let all = THREADS * REQUESTS;
    let expected = [
        format!("GET /plain 200 success {all}"),
        format!("GET /monitored/{{id}} 200 success {all}"),
        format!("PUT unmatched 405 client_error {all}"),
        format!("GET unmatched 404 client_error {all}"),
    ];
    check(&monitoring, &expected.each_ref().map(String::as_str));
    let calls = total(&monitoring.recorded(), "request_count_total");
    assert_eq!(calls, all as f64);
}

#[test]
fn a_race_for_the_first_request_makes_one_series_each() {
    for _ in 0..20 {
        let monitoring = monitoring();
        let app = Router::new()
            .route("/monitored/{id}", get(monitored))
            .layer(monitoring.layer());
        let work = |_| {
            now(send(app.clone(), request("GET /monitored/7")));
        };
        together(work, || drop(monitoring.recorded()));
        check(&monitoring, &["GET /monitored/{id} 200 success 8"]);
        let recorded = monitoring.recorded();
        assert_eq!(recorded.label_sets("request_count_total").len(), 1);
        assert_eq!(total(&recorded, "request_count_total"), 8.0);
    }
}
