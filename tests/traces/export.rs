//! Whatever the collector does, requests are answered, memory is bounded, and what is lost is counted.

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::{Monitoring, Sampling, monitor};
use peak_alloc::PeakAlloc;
use tokio::net::TcpListener;

use support::collector::{Answer, Collector};
use support::eventually::eventually;
use support::exchange::{request, send};
use support::this_test;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// All requests are sampled: of those that are kept for their end, some more spans are expected.
fn monitoring(endpoint: &str) -> Monitoring {
    let sampling = Sampling::default().max_per_second(u32::MAX);
    let builder = Monitoring::builder("test").traces(|traces| traces.sampling(sampling));
    builder
        .traces(|traces| traces.otlp_endpoint(endpoint))
        .build()
        .expect("a monitoring")
}

#[monitor("/")]
async fn handler() -> &'static str {
    "answered"
}

/// Two spans for each request.
async fn answer(monitoring: &Monitoring, times: usize) {
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    for _ in 0..times {
        assert_eq!(send(app.clone(), request("GET /")).await.0, 200);
    }
}

fn dropped(monitoring: &Monitoring, reason: &str) -> f64 {
    let recorded = monitoring.recorded();
    let name = "monitoring_spans_dropped_total";
    recorded
        .value(name, &[("reason", reason)])
        .expect("it is there from the start")
}

fn exported(monitoring: &Monitoring) -> f64 {
    let recorded = monitoring.recorded();
    recorded
        .value("monitoring_spans_exported_total", &[])
        .expect("it is there from the start")
}

async fn flush(monitoring: &Monitoring) -> bool {
    monitoring.flush(Duration::from_secs(20)).await.is_ok()
}

#[tokio::test]
async fn what_the_collector_takes_is_counted() {
    let collector = Collector::start().await;
    let monitoring = monitoring(&collector.endpoint());
    assert_eq!(exported(&monitoring), 0.0);
    answer(&monitoring, 10).await;
    assert!(flush(&monitoring).await);
    assert_eq!(exported(&monitoring), 20.0);
    assert_eq!(collector.spans().len(), 20);
    let agent = collector.header("user-agent").expect("a header");
    assert!(agent.starts_with("ecolaura-monitoring/"), "{agent}");
    assert_eq!(
        collector.header("content-type").as_deref(),
        Some("application/x-protobuf")
    );
}

#[tokio::test]
async fn what_it_rejects_is_counted() {
    let collector = Collector::answering([Answer::Rejects(3)]).await;
    let monitoring = monitoring(&collector.endpoint());
    answer(&monitoring, 5).await;
    assert!(flush(&monitoring).await);
    assert_eq!(
        (exported(&monitoring), dropped(&monitoring, "rejected")),
        (7.0, 3.0)
    );
}

/// Answers after which the protocol has it try again.
#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for status in [429, 502, 503, 504] {
        let collector = Collector::answering([Answer::Fails(status)]).await;
        let monitoring = monitoring(&collector.endpoint());
        answer(&monitoring, 1).await;
        assert!(flush(&monitoring).await, "{status}");
        assert_eq!(
            (exported(&monitoring), collector.requests()),
            (2.0, 2),
            "{status}"
        );
    }
}

#[tokio::test]
async fn what_will_not_pass_is_given_up() {
    for status in [400, 401, 404, 413, 500, 301] {
        let collector = Collector::answering([Answer::Fails(status)]).await;
        let monitoring = monitoring(&collector.endpoint());
        answer(&monitoring, 1).await;
        assert!(!flush(&monitoring).await, "{status}");
        assert_eq!(dropped(&monitoring, "export_failed"), 2.0, "{status}");
        answer(&monitoring, 1).await;
        assert!(flush(&monitoring).await, "{status}");
        assert_eq!(
            (exported(&monitoring), collector.requests()),
            (2.0, 2),
            "{status}"
        );
    }
}

/// An answer that says 200 is one, whatever else it says.
#[tokio::test]
async fn an_answer_that_is_no_collectors() {
    let collector = Collector::answering([Answer::Garbage]).await;
    let monitoring = monitoring(&collector.endpoint());
    answer(&monitoring, 1).await;
    assert!(flush(&monitoring).await);
    assert_eq!(exported(&monitoring), 2.0);
}

#[tokio::test]
async fn nobody_listens() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let monitoring = monitoring(&format!("http://{address}"));
    answer(&monitoring, 3).await;
    assert!(monitoring.flush(Duration::from_millis(300)).await.is_err());
    eventually("the spans are given up", async || {
        match dropped(&monitoring, "export_failed") {
            6.0 => Ok(()),
            other => Err(other.to_string()),
        }
    })
    .await;
    answer(&monitoring, 1).await;
}

/// No more waits than there is room for, and a flush keeps its deadline.
#[tokio::test]
async fn the_collector_hangs() {
    let collector = Collector::answering(vec![Answer::Never; 100]).await;
    let monitoring = monitoring(&collector.endpoint());
    answer(&monitoring, 3).await;
    let begun = Instant::now();
    assert!(monitoring.flush(Duration::from_millis(100)).await.is_err());
    answer(&monitoring, 3000).await; // 6,000 spans, of which 2,048 find room
    eventually("spans that find no room", async || {
        match dropped(&monitoring, "queue_full") {
            0.0 => Err("none".to_owned()),
            _ => Ok(()),
        }
    })
    .await;
    let metrics = monitoring.metrics();
    // Which sends what it can, and gives up.
    let dropped = tokio::task::spawn_blocking(move || drop(monitoring)).await;
    dropped.expect("no panic");
    assert!(begun.elapsed() < Duration::from_secs(60));
    let text = metrics.render();
    let spans = text
        .lines()
        .filter(|line| line.starts_with("monitoring_spans_"));
    let numbers = spans.filter_map(|line| line.rsplit(' ').next()?.parse::<u32>().ok());
    assert_eq!(
        numbers.sum::<u32>(),
        6006,
        "each is exported or counted as lost: {text}"
    );
}

/// What comes while spans are being sent waits for its time, and costs none of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_collector_loses_nothing() {
    let collector = Collector::answering(vec![Answer::Slowly; 1000]).await;
    let monitoring = monitoring(&collector.endpoint());
    let requests = async {
        for _ in 0..50 {
            answer(&monitoring, 2).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let flushes = async {
        for _ in 0..3 {
            let _ = monitoring.flush(Duration::from_millis(300)).await;
        }
    };
    tokio::join!(requests, flushes);
    assert!(monitoring.flush(Duration::MAX).await.is_ok());
    assert_eq!(exported(&monitoring), 200.0);
    assert_eq!(collector.spans().len(), 200);
}

/// While one request waits for its answer, others are sent; how many is bounded.
#[tokio::test(flavor = "multi_thread")]
async fn several_requests_at_a_time() {
    let together = [Answer::Takes, Answer::Together(2), Answer::Together(2)];
    let collector = Collector::answering(together).await;
    let monitoring = monitoring(&collector.endpoint());
    let mut made = 0;
    for _ in 0..3 {
        answer(&monitoring, 600).await; // two batches and some more
        made += 1_200;
        eventually("batches that nobody asked for", async || {
            match collector.number() {
                number if number + 1_024 > made => Ok(()),
                number => Err(number.to_string()),
            }
        })
        .await;
    }
    assert!(flush(&monitoring).await);
    assert_eq!(
        (exported(&monitoring), collector.number()),
        (3_600.0, 3_600)
    );
}

// --- a collector that asks to wait ---------------------------------------------------------------------------------------------

/// No request of any batch comes before the time that it was asked to wait for is over.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_collector_asks_to_wait_nothing_is_sent() {
    for status in [429, 503] {
        let collector = Collector::answering([Answer::FailsFor(status, 2_000)]).await;
        let monitoring = monitoring(&collector.endpoint());
        answer(&monitoring, 1).await;
        // This batch has no time to wait for so long; those that come after it have.
        assert!(monitoring.flush(Duration::from_millis(300)).await.is_err());
        for _ in 0..3 {
            answer(&monitoring, 1).await;
            assert!(monitoring.flush(Duration::from_millis(10)).await.is_err());
        }
        answer(&monitoring, 1).await;
        assert!(flush(&monitoring).await);
        let arrivals = collector.arrivals();
        let waited = arrivals[1] - arrivals[0];
        assert!(waited >= Duration::from_secs(2), "{status}: {waited:?}");
        assert_eq!(collector.number(), 8, "{status}");
        assert_eq!(dropped(&monitoring, "export_failed"), 2.0, "{status}");
    }
}

/// A flush does not hurry the repetition of a batch that was asked to wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_flush_waits_as_long_as_the_collector_asks() {
    let collector = Collector::answering([Answer::FailsFor(503, 2_000)]).await;
    let monitoring = monitoring(&collector.endpoint());
    answer(&monitoring, 1_100).await; // what waits for no time
    eventually("a batch was refused", async || match collector.requests() {
        0 => Err("none".to_owned()),
        _ => Ok(()),
    })
    .await;
    assert!(flush(&monitoring).await);
    let arrivals = collector.arrivals();
    let waited = arrivals[1] - arrivals[0];
    assert!(waited >= Duration::from_secs(2), "{waited:?}");
    assert_eq!(collector.number(), 2_200);
}

/// Nor does the end, which waits no longer than it may.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_while_a_collector_asks_to_wait() {
    let collector = Collector::answering([Answer::FailsFor(503, 60_000)]).await;
    let monitoring = monitoring(&collector.endpoint());
    answer(&monitoring, 1).await;
    assert!(monitoring.flush(Duration::from_millis(300)).await.is_err());
    answer(&monitoring, 3).await;
    let begun = Instant::now();
    let metrics = monitoring.metrics();
    let dropped = tokio::task::spawn_blocking(move || drop(monitoring));
    dropped.await.expect("no panic");
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(collector.requests(), 1);
    let text = metrics.render();
    assert!(
        text.contains("monitoring_spans_dropped_total{reason=\"shutdown\"} 6"),
        "{text}"
    );
}

/// However long the paths are that clients send.
#[tokio::test]
async fn memory_is_bounded() {
    let collector = Collector::answering(vec![Answer::Never; 100]).await;
    let monitoring = monitoring(&collector.endpoint());
    let app = Router::new().layer(monitoring.layer());
    let long = "x".repeat(60_000);
    let before = allocated();
    for _ in 0..6_000 {
        let status = send(app.clone(), request(&format!("GET /{long}"))).await.0;
        assert_eq!(status, 404);
    }
    let grown = allocated().saturating_sub(before);
    assert!(grown < 40 << 20, "{grown} bytes");
    let lost = dropped(&monitoring, "queue_full") + dropped(&monitoring, "buffer_full");
    assert!(lost > 3_000.0, "{lost}");
}

/// What the process has allocated and not given back.
fn allocated() -> usize {
    MEMORY.current_usage()
}

/// What waits at the end is sent by whoever drops the last clone.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_words() {
    let collector = Collector::start().await;
    let monitoring = monitoring(&collector.endpoint());
    answer(&monitoring, 2).await;
    tokio::task::spawn_blocking(move || drop(monitoring))
        .await
        .expect("no panic");
    assert_eq!(collector.spans().len(), 4);
}

/// More than half of what there is room for does not wait for its time.
#[tokio::test]
async fn many_are_sent_at_once() {
    let collector = Collector::start().await;
    let monitoring = monitoring(&collector.endpoint());
    answer(&monitoring, 700).await;
    eventually("spans that nobody asked for", async || {
        match collector.spans().len() {
            0 => Err("none".to_owned()),
            _ => Ok(()),
        }
    })
    .await;
}

#[test]
fn wrong_addresses_are_refused() {
    for (endpoint, expected) in [
        (
            "",
            "the address of `.traces(|traces| traces.otlp_endpoint(…))` is ``, which is no URL of http or https",
        ),
        ("collector", "is `collector`, which is no URL"),
        ("user:secret@collector", "a user name"),
        ("http://user:secret@collector", "a user name"),
    ] {
        let error = Monitoring::builder("test")
            .traces(|traces| traces.otlp_endpoint(endpoint))
            .build();
        let error = error.expect_err("it is refused").to_string();
        assert!(
            error.contains(expected) && !error.contains("secret"),
            "{error}"
        );
    }
    for ratio in [-0.1, 1.1, f64::NAN] {
        let sampling = Sampling::ratio(ratio);
        let builder = Monitoring::builder("test").traces(|traces| traces.sampling(sampling));
        let error = builder.build().expect_err("it is refused").to_string();
        assert!(error.contains("from 0 to 1"), "{error}");
    }
}

/// What the environment says holds, in a process of its own.
#[tokio::test]
async fn the_environment() {
    const WITHIN: &str = "TRACES_EXPORT_TEST";
    if let Some(endpoint) = env::var_os(WITHIN) {
        let endpoint = endpoint.into_string().expect("an address");
        let monitoring = monitoring(&endpoint);
        answer(&monitoring, 1).await;
        assert!(flush(&monitoring).await);
        return;
    }
    let collector = Collector::start().await;
    let own = env::current_exe().expect("a test knows its own path");
    let endpoint = collector.endpoint();
    let child = tokio::task::spawn_blocking(move || {
        Command::new(own)
            .args(["--exact", &this_test!(), "--nocapture"])
            .env(WITHIN, endpoint)
            .env(
                "OTEL_EXPORTER_OTLP_HEADERS",
                "x-team=shop,authorization=Bearer%20secret",
            )
            .env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
            .env(
                "OTEL_RESOURCE_ATTRIBUTES",
                "deployment.environment.name=test,service.version=7",
            )
            .output()
    });
    let output = child.await.expect("no panic").expect("the test runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(collector.header("x-team").as_deref(), Some("shop"));
    assert_eq!(
        collector.header("authorization").as_deref(),
        Some("Bearer secret")
    );
    assert_eq!(
        collector.header("content-encoding").as_deref(),
        Some("gzip")
    );
    assert_eq!(collector.spans().len(), 2);
    assert_eq!(collector.resource()["deployment.environment.name"], "test");
    assert_eq!(collector.resource()["service.version"], "7");
    for text in [output.stdout, output.stderr] {
        assert!(!String::from_utf8_lossy(&text).contains("secret"));
    }
}

/// A flush whose time is over does not take it from another one: what that wants is still sent, long before the schedule would.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_flush_beside_a_long_one() {
    const WITHIN: &str = "TRACES_EXPORT_SHORT_FLUSH";
    if env::var_os(WITHIN).is_some() {
        return short_flush_beside_a_long_one().await;
    }
    let own = env::current_exe().expect("a test knows its own path");
    let child = tokio::task::spawn_blocking(move || {
        Command::new(own)
            .args(["--exact", &this_test!(), "--nocapture"])
            .env(WITHIN, "1")
            .env("OTEL_BSP_SCHEDULE_DELAY", "3600000")
            .output()
    });
    let output = child.await.expect("no panic").expect("the test runs");
    assert!(output.status.success(), "{output:?}");
}

async fn short_flush_beside_a_long_one() {
    let collector = Collector::answering([Answer::Together(2)]).await;
    let monitoring = monitoring(&collector.endpoint());
    answer(&monitoring, 1).await;
    let flushed = |within| {
        let monitoring = monitoring.clone();
        tokio::spawn(async move { monitoring.flush(within).await.is_ok() })
    };
    let long = Duration::from_secs(60);
    let first = flushed(long);
    eventually("the first batch", async || match collector.requests() {
        1 => Ok(()),
        number => Err(number.to_string()),
    })
    .await;
    // What waits while the first batch does, for two who want it.
    answer(&monitoring, 1).await;
    let (second, short) = (flushed(long), flushed(Duration::from_millis(300)));
    assert!(!short.await.expect("no panic"), "nothing has arrived");
    collector.together(2).await; // the first batch is answered
    assert!(first.await.expect("no panic"));
    assert!(second.await.expect("no panic"));
    assert_eq!(collector.number(), 4);
}

/// A flush goes on after a batch that the collector refuses: the others are sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_batch_among_others() {
    let collector = Collector::answering([Answer::Together(2), Answer::Fails(400)]).await;
    let monitoring = monitoring(&collector.endpoint());
    answer(&monitoring, 300).await; // a batch and some more
    eventually("the first batch", async || match collector.requests() {
        1 => Ok(()),
        number => Err(number.to_string()),
    })
    .await;
    answer(&monitoring, 600).await; // what waits for the answer
    let flushed = tokio::spawn({
        let monitoring = monitoring.clone();
        async move { flush(&monitoring).await }
    });
    collector.together(2).await; // the first batch is answered
    assert!(!flushed.await.expect("no panic"), "a batch was refused");
    let lost = dropped(&monitoring, "export_failed");
    assert!(lost > 0.0, "{lost}");
    assert_eq!(exported(&monitoring) + lost, 1_800.0);
}
