//! What a scrape costs, against the `prometheus` crate with the same series. `cargo bench -p benches --bench scrape`.
//!
//! Half of the lines are counters, half belong to histograms with 14 buckets. See README.md beside this file.

#[path = "support/table.rs"]
mod table;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use cpu_time::ThreadTime;
use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::metrics::{Counter, DynamicFamily, Histogram, Metric, Registry, Unit};
use http_body_util::BodyExt as _;
use peak_alloc::PeakAlloc;
use prometheus::{Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, Opts, TextEncoder};
use tower::ServiceExt as _;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const PACKED: Metric = Metric::counter("boxes_packed_total", "Boxes packed.")
    .labels(&["method", "endpoint", "status"]);
const PACKING: Metric = Metric::histogram("packing_seconds", "Time to pack.")
    .unit(Unit::Seconds)
    .labels(&["method", "endpoint"]);

/// Lines of a histogram: 15 buckets, sum and count.
const PER_HISTOGRAM: usize = 17;

const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0";
const PROTOBUF: &str =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

/// The same series in both.
struct Both {
    ours: Monitoring,
    theirs: prometheus::Registry,
    lines: usize,
}

fn both(lines: usize) -> Both {
    let (counters, histograms) = (lines / 2, lines / 2 / PER_HISTOGRAM);
    let builder = Monitoring::builder("bench")
        .metrics(|metrics| metrics.max_series(200_000))
        .without_listener();
    let ours = builder.build().expect("the environment is empty");
    let packed: DynamicFamily<Counter, 3> = ours.metrics().dynamic(PACKED).expect("a family");
    let packing: DynamicFamily<Histogram, 2> = ours.metrics().dynamic(PACKING).expect("a family");
    let theirs = prometheus::Registry::new();
    let packed_theirs = IntCounterVec::new(
        Opts::new(PACKED.name(), PACKED.help()),
        &["method", "endpoint", "status"],
    );
    let packed_theirs = packed_theirs.expect("good names");
    let options =
        HistogramOpts::new(PACKING.name(), PACKING.help()).buckets(PACKING.upper_bounds().to_vec());
    let packing_theirs = HistogramVec::new(options, &["method", "endpoint"]).expect("good names");
    theirs
        .register(Box::new(packed_theirs.clone()))
        .expect("new");
    theirs
        .register(Box::new(packing_theirs.clone()))
        .expect("new");
    for number in 0..counters {
        let endpoint = format!("/api/v1/products/{number}/boxes");
        let values = ["GET", &*endpoint, "200"];
        packed.get(values).add(number as u64 * 7);
        packed_theirs
            .with_label_values(&values)
            .inc_by(number as u64 * 7);
    }
    for number in 0..histograms {
        let endpoint = format!("/api/v1/products/{number}/boxes");
        let values = ["GET", &*endpoint];
        for observation in 0..20u64 {
            let seconds = (observation * observation * 7 % 400) as f64 / 100.0;
            packing.get(values).observe(seconds);
            packing_theirs.with_label_values(&values).observe(seconds);
        }
    }
    Both {
        ours,
        theirs,
        lines: counters + histograms * PER_HISTOGRAM,
    }
}

fn main() {
    let mut rows = Vec::new();
    for lines in [1_000, 10_000, 100_000] {
        rendering(&both(lines), &mut rows);
    }
    let headings = [
        "rendering",
        "lines",
        "ns per line",
        "/ prometheus",
        "peak extra KiB",
        "bytes",
    ];
    table::print("A scrape", &headings, &rows);
    println!();
    memory();
    stall();
}

/// What a histogram that is not hot takes, its labels included.
fn memory() {
    const MANY: usize = 10_000;
    let builder = Monitoring::builder("bench")
        .metrics(|metrics| metrics.max_series(MANY))
        .without_listener();
    let metrics = builder.build().expect("the environment is empty").metrics();
    let packing: DynamicFamily<Histogram, 2> = metrics.dynamic(PACKING).expect("a family");
    let before = MEMORY.current_usage();
    for number in 0..MANY {
        packing.get(["GET", &number.to_string()]).observe(0.07);
    }
    let each = (MEMORY.current_usage() - before) as f64 / MANY as f64;
    table::target(
        "kB for each histogram, with its labels and its place in the index",
        each / 1000.0,
        2.5,
    );
}

// --- rendering ----------------------------------------------------------------------------------------------------------------

struct Rendered {
    nanoseconds: f64,
    peak: usize,
    bytes: usize,
}

/// The fastest of some rounds, and the memory of one.
fn measure(lines: usize, mut render: impl FnMut() -> usize) -> Rendered {
    let rounds = (1_000_000 / lines).clamp(10, 200);
    let mut bytes = render();
    let fastest = (0..rounds).map(|_| {
        let start = ThreadTime::now();
        bytes = black_box(render());
        start.elapsed().as_nanos() as f64
    });
    let nanoseconds = fastest.fold(f64::INFINITY, f64::min) / lines as f64;
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    black_box(render());
    let peak = MEMORY.peak_usage().saturating_sub(before);
    Rendered {
        nanoseconds,
        peak,
        bytes,
    }
}

fn rendering(both: &Both, rows: &mut Vec<table::Row>) {
    let registry = both.ours.metrics();
    let encode = |accept: &'static str| move || registry.encode([accept.as_bytes()]).body.len();
    let theirs = measure(both.lines, || {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&both.theirs.gather(), &mut text)
            .expect("memory");
        text.len()
    });
    let ours = [
        ("ours: text", measure(both.lines, encode("text/plain"))),
        (
            "ours: OpenMetrics",
            measure(both.lines, encode(OPEN_METRICS)),
        ),
        (
            "ours: protobuf, with native",
            measure(both.lines, encode(PROTOBUF)),
        ),
        ("ours: text, through /metrics", through_the_handler(both)),
    ];
    let mut row = |name: &str, measured: &Rendered| {
        rows.push(vec![
            name.to_owned(),
            both.lines.to_string(),
            format!("{:.1}", measured.nanoseconds),
            format!("{:.3}", measured.nanoseconds / theirs.nanoseconds),
            (measured.peak / 1024).to_string(),
            measured.bytes.to_string(),
        ]);
    };
    row("prometheus 0.14: gather, TextEncoder", &theirs);
    for (name, measured) in &ours {
        row(name, measured);
    }
    let (text, protobuf) = (&ours[0].1, &ours[2].1);
    let what = format!("{} lines: text / prometheus", both.lines);
    table::target(&what, text.nanoseconds / theirs.nanoseconds, 0.12);
    let what = format!("{} lines: protobuf / text", both.lines);
    table::target(&what, protobuf.nanoseconds / text.nanoseconds, 1.0);
    let what = format!("{} lines: peak extra KiB of /metrics", both.lines);
    table::target(&what, ours[3].1.peak as f64 / 1024.0, 256.0);
}

/// As a scraper gets it, piece by piece; its time is that of the whole process.
fn through_the_handler(both: &Both) -> Rendered {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let scrape = || {
        runtime.block_on(async {
            let routes: axum::Router = both.ours.routes();
            let request = http::Request::get("/metrics").body(axum::body::Body::empty());
            let answer = routes
                .oneshot(request.expect("a request"))
                .await
                .expect("an answer");
            let mut body = answer.into_body();
            let mut bytes = 0;
            while let Some(frame) = body.frame().await {
                bytes += frame
                    .expect("no failure")
                    .into_data()
                    .map_or(0, |data| data.len());
            }
            bytes
        })
    };
    let mut measured = measure(both.lines, scrape);
    let start = cpu_time::ProcessTime::now();
    for _ in 0..10 {
        black_box(scrape());
    }
    measured.nanoseconds = start.elapsed().as_nanos() as f64 / 10.0 / both.lines as f64;
    measured
}

// --- no stall -----------------------------------------------------------------------------------------------------------------

/// How long observations take while 100,000 lines are scraped without pause and new label sets arrive, and without that.
fn stall() {
    let both = both(100_000);
    let ours = both.ours.metrics();
    let packing: DynamicFamily<Histogram, 2> = ours.dynamic(PACKING).expect("the same family");
    let known = ["GET", "/api/v1/products/7/boxes"];
    let observe = || packing.get(known).observe(0.07);
    let options = HistogramOpts::new("other_seconds", "Other.");
    let other = HistogramVec::new(options, &["method", "endpoint"]).expect("good names");
    both.theirs.register(Box::new(other.clone())).expect("new");
    for number in 0..3_000 {
        other
            .with_label_values(&["GET", &format!("/{number}")])
            .observe(0.1);
    }
    let observe_theirs = || other.with_label_values(&["GET", "/7"]).observe(0.07);

    let next = AtomicU64::new(0);
    let fresh = || format!("/fresh/{}", next.fetch_add(1, Ordering::Relaxed));
    let scrape =
        |registry: Registry| black_box(registry.encode([b"text/plain".as_slice()]).body.len());
    let rows = [
        latencies(
            "ours",
            observe,
            || {
                scrape(ours);
            },
            || {
                packing.get(["GET", &fresh()]);
            },
        ),
        latencies(
            "prometheus 0.14",
            observe_theirs,
            || {
                let mut text = Vec::new();
                let _ = TextEncoder::new().encode(&both.theirs.gather(), &mut text);
            },
            || {
                other.with_label_values(&["GET", &fresh()]);
            },
        ),
    ];
    let headings = [
        "an observation by label values",
        "idle p50 ns",
        "p99.9",
        "max µs",
        "scraped p50 ns",
        "p99.9",
        "max µs",
    ];
    table::print("While it is scraped", &headings, &rows);
}

fn latencies(
    name: &str,
    observe: impl Fn() + Sync,
    scrape: impl Fn() + Sync,
    add: impl Fn() + Sync,
) -> table::Row {
    let idle = observations(&observe);
    let stop = AtomicBool::new(false);
    let scraped = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut rounds = 0;
            while !stop.load(Ordering::Relaxed) {
                scrape();
                rounds += 1;
                if rounds % 2 == 0 {
                    add();
                }
            }
        });
        let scraped = observations(&observe);
        stop.store(true, Ordering::Relaxed);
        scraped
    });
    let cells = [idle, scraped].into_iter().flat_map(|sorted| {
        let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
        [
            at(0.5).to_string(),
            at(0.999).to_string(),
            (at(1.0) / 1000).to_string(),
        ]
    });
    std::iter::once(name.to_owned()).chain(cells).collect()
}

/// What some hundred thousand observations took, sorted, in nanoseconds, the clock included.
fn observations(observe: &impl Fn()) -> Vec<u64> {
    let mut all: Vec<u64> = (0..500_000)
        .map(|_| {
            let start = Instant::now();
            observe();
            start.elapsed().as_nanos() as u64
        })
        .collect();
    all.sort_unstable();
    all
}
