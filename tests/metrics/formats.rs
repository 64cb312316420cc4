//! What each format says of the same recordings, compared whole; protobuf is read by a library that knows nothing of our writer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use ecolaura_monitoring::metrics::{Counter, DynamicFamily, Gauge, Histogram, Metric, Unit};
use ecolaura_monitoring::{Monitoring, TraceContext};

use support::metric_family::{self, Exemplar, MetricType, family};
use support::scrape::{OPEN_METRICS, PROTOBUF, scrape};

const PACKED: Metric =
    Metric::counter("boxes_packed_total", "Boxes\n\"packed\" \\ sent.").labels(&["to"]);
const WEIGHT: Metric = Metric::counter("parcels_bytes_total", "Weight.").unit(Unit::Bytes);
const DEPTH: Metric = Metric::gauge("orders_waiting", "Orders waiting.");
const PACKING: Metric = Metric::histogram("packing_seconds", "Time to pack.")
    .unit(Unit::Seconds)
    .buckets(&[0.5, 1.0, 2_000_000.0]);

struct Own {
    monitoring: Monitoring,
    packed: DynamicFamily<Counter, 1>,
    depth: Gauge,
    packing: Histogram,
}

fn own(created: bool) -> Own {
    let monitoring = Monitoring::builder("formats").metrics(|metrics| match created {
        true => metrics.with_created_series(),
        false => metrics,
    });
    let monitoring = monitoring.build();
    let monitoring = monitoring.expect("the environment is empty");
    let metrics = monitoring.metrics();
    metrics.counter(WEIGHT).expect("a counter").add(12);
    Own {
        packed: metrics.dynamic(PACKED).expect("a family"),
        depth: metrics.gauge(DEPTH).expect("a gauge"),
        packing: metrics.histogram(PACKING).expect("a histogram"),
        monitoring,
    }
}

fn trace(last: char) -> TraceContext {
    let header = format!("00-4bf92f3577b34da6a3ce929d0e0e473{last}-00f067aa0ba902b7-01");
    TraceContext::from_traceparent(header).expect("well-formed")
}

/// Records a little of everything.
fn recorded(created: bool) -> Own {
    let own = own(created);
    own.packed
        .get(["a\"b\\c\nd ü"])
        .add_with_exemplar(2, trace('1'));
    own.packed.get([""]).add(1);
    own.depth.set(-2.5);
    own.packing.observe_with_exemplar(0.25, trace('2'));
    own.packing.observe(0.5);
    own.packing.observe_with_exemplar(3.0, trace('3'));
    own.packing.observe(3e9); // beyond all buckets
    own
}

/// The lines that are about the families above, each moment in time replaced by `NOW`.
fn lines(body: &[u8]) -> String {
    let ours = [
        "boxes_packed",
        "parcels_bytes",
        "orders_waiting",
        "packing_seconds",
    ];
    let text = std::str::from_utf8(body).expect("text");
    let lines = text.lines().filter(|line| {
        let is_refusal = line.starts_with("monitoring_");
        !is_refusal && ours.iter().any(|name| line.contains(name))
    });
    lines
        .map(|line| format!("{}\n", without_times(line)))
        .collect()
}

fn without_times(line: &str) -> String {
    let words = line.split(' ').map(|word| {
        let is_moment = word.len() == 14 && word.parse::<f64>().is_ok_and(|at| at > 1.7e9);
        if is_moment { "NOW" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

// --- text ---------------------------------------------------------------------------------------------------------------------

const TEXT: &str = r#"# HELP parcels_bytes_total Weight.
# TYPE parcels_bytes_total counter
parcels_bytes_total 12
# HELP boxes_packed_total Boxes\n"packed" \\ sent.
# TYPE boxes_packed_total counter
boxes_packed_total{to="a\"b\\c\nd ü"} 2
boxes_packed_total{to=""} 1
# HELP orders_waiting Orders waiting.
# TYPE orders_waiting gauge
orders_waiting -2.5
# HELP packing_seconds Time to pack.
# TYPE packing_seconds histogram
packing_seconds_bucket{le="0.5"} 2
packing_seconds_bucket{le="1"} 2
packing_seconds_bucket{le="2000000"} 3
packing_seconds_bucket{le="+Inf"} 4
packing_seconds_sum 3000000003.75
packing_seconds_count 4
"#;

#[tokio::test]
async fn text() {
    let own = recorded(true);
    for accept in ["text/plain", "text/plain;version=1.0.0"] {
        assert_eq!(lines(&scrape(&own.monitoring, accept).await), TEXT);
    }
    assert_eq!(lines(own.monitoring.metrics().render().as_bytes()), TEXT);
}

const OPEN_METRICS_TEXT: &str = r#"# TYPE parcels_bytes counter
# UNIT parcels_bytes bytes
# HELP parcels_bytes Weight.
parcels_bytes_total 12
# TYPE boxes_packed counter
# HELP boxes_packed Boxes\n\"packed\" \\ sent.
boxes_packed_total{to="a\"b\\c\nd ü"} 2 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4731",span_id="00f067aa0ba902b7"} 2 NOW
boxes_packed_total{to=""} 1
# TYPE orders_waiting gauge
# HELP orders_waiting Orders waiting.
orders_waiting -2.5
# TYPE packing_seconds histogram
# UNIT packing_seconds seconds
# HELP packing_seconds Time to pack.
packing_seconds_bucket{le="0.5"} 2 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4732",span_id="00f067aa0ba902b7"} 0.25 NOW
packing_seconds_bucket{le="1.0"} 2
packing_seconds_bucket{le="2e+06"} 3 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4733",span_id="00f067aa0ba902b7"} 3 NOW
packing_seconds_bucket{le="+Inf"} 4
packing_seconds_count 4
packing_seconds_sum 3000000003.75
"#;

#[tokio::test]
async fn open_metrics() {
    let body = scrape(&recorded(false).monitoring, OPEN_METRICS).await;
    assert_eq!(lines(&body), OPEN_METRICS_TEXT);
    assert!(body.starts_with(b"# TYPE target info\n"));
    assert!(body.ends_with(b"\n# EOF\n"));
}

/// With `created_series` each counter and histogram tells since when it counts, right after its own samples.
#[tokio::test]
async fn open_metrics_with_created_series() {
    let body = scrape(&recorded(true).monitoring, OPEN_METRICS).await;
    let with_created = OPEN_METRICS_TEXT
        .replace(
            "parcels_bytes_total 12\n",
            "parcels_bytes_total 12\nparcels_bytes_created NOW\n",
        )
        .replace(
            "2 NOW\nboxes",
            "2 NOW\nboxes_packed_created{to=\"a\\\"b\\\\c\\nd ü\"} NOW\nboxes",
        )
        .replace(
            "{to=\"\"} 1\n",
            "{to=\"\"} 1\nboxes_packed_created{to=\"\"} NOW\n",
        )
        .replace(
            "3000000003.75\n",
            "3000000003.75\npacking_seconds_created NOW\n",
        );
    assert_eq!(lines(&body), with_created);
}

// --- protobuf -----------------------------------------------------------------------------------------------------------------

fn labels(metric: &metric_family::Metric) -> Vec<(&str, &str)> {
    let pairs = metric.label.iter();
    pairs.map(|pair| (&*pair.name, &*pair.value)).collect()
}

fn labels_of(family: &metric_family::MetricFamily) -> BTreeSet<&str> {
    let pairs = family.metric.iter().flat_map(labels);
    pairs.map(|(name, _)| name).collect()
}

/// An exemplar's trace and value; its time is checked.
fn of(exemplar: Option<&Exemplar>) -> Option<(&str, f64)> {
    let exemplar = exemplar?;
    let labels: Vec<_> = exemplar
        .label
        .iter()
        .map(|pair| (&*pair.name, &*pair.value))
        .collect();
    let [("span_id", "00f067aa0ba902b7"), ("trace_id", trace)] = labels[..] else {
        panic!("{labels:?}");
    };
    assert!(
        exemplar
            .timestamp
            .is_some_and(|at| at.seconds > 1_700_000_000)
    );
    Some((trace, exemplar.value))
}

#[tokio::test]
async fn protobuf() {
    let body = scrape(&recorded(false).monitoring, PROTOBUF).await;
    let packed = family(&body, "boxes_packed_total");
    assert_eq!(
        (packed.kind(), &*packed.help),
        (MetricType::Counter, "Boxes\n\"packed\" \\ sent.")
    );
    let [first, second] = &packed.metric[..] else {
        panic!("{packed:?}")
    };
    assert_eq!(labels(first), [("to", "a\"b\\c\nd ü")]);
    let counter = first.counter.as_ref().expect("a counter");
    assert_eq!(counter.value, 2.0);
    assert_eq!(
        of(counter.exemplar.as_ref()),
        Some(("4bf92f3577b34da6a3ce929d0e0e4731", 2.0))
    );
    assert!(counter.start.is_some_and(|at| at.seconds > 1_700_000_000));
    assert_eq!(labels(second), [("to", "")]);
    assert_eq!(
        second.counter.as_ref().map(|c| c.exemplar.is_none()),
        Some(true)
    );

    let depth = family(&body, "orders_waiting");
    assert_eq!(depth.kind(), MetricType::Gauge);
    assert_eq!(
        depth.metric[0].gauge.as_ref().map(|gauge| gauge.value),
        Some(-2.5)
    );
    let weight = family(&body, "parcels_bytes_total");
    assert_eq!(&*weight.unit, "bytes");
    let target = family(&body, "target_info");
    assert_eq!(labels(&target.metric[0]), [("service_name", "formats")]);
}

#[tokio::test]
async fn protobuf_histograms_are_classic_and_native() {
    let body = scrape(&recorded(false).monitoring, PROTOBUF).await;
    let packing = family(&body, "packing_seconds");
    assert_eq!(
        (packing.kind(), &*packing.unit),
        (MetricType::Histogram, "seconds")
    );
    let histogram = packing.metric[0].histogram.as_ref().expect("a histogram");
    assert_eq!((histogram.count, histogram.sum), (4, 3_000_000_003.75));
    assert!(histogram.start.is_some());
    let buckets: Vec<_> = histogram
        .bucket
        .iter()
        .map(|bucket| {
            (
                bucket.upper_bound,
                bucket.cumulative_count,
                of(bucket.exemplar.as_ref()),
            )
        })
        .collect();
    let (two, three) = (
        "4bf92f3577b34da6a3ce929d0e0e4732",
        "4bf92f3577b34da6a3ce929d0e0e4733",
    );
    assert_eq!(
        buckets,
        [
            (0.5, 2, Some((two, 0.25))),
            (1.0, 2, None),
            (2_000_000.0, 3, Some((three, 3.0)))
        ]
    );
    let exemplars: Vec<_> = histogram
        .exemplars
        .iter()
        .map(|found| of(Some(found)))
        .collect();
    assert_eq!(exemplars, [Some((two, 0.25)), Some((three, 3.0))]);
    assert_eq!(histogram.schema, Some(3));
    assert_eq!(histogram.zero_threshold, Some(2f64.powi(-20)));
    assert_eq!(histogram.zero_count, Some(0));
    // 0.25 s ends bucket -16, 0.5 s bucket -8, 3 s lies in 13 (2^(12/8) is 2.83), and the last ends at +Inf.
    assert_eq!(histogram.native(), [(-16, 1), (-8, 1), (13, 1), (8193, 1)]);
}

#[tokio::test]
async fn protobuf_without_the_native_side() {
    let own = recorded(false);
    let headers = [("accept", PROTOBUF)];
    let asked = support::scrape::send(&own.monitoring, "GET /metrics?native=0", &headers).await;
    let builder =
        Monitoring::builder("formats").metrics(|metrics| metrics.without_native_histograms());
    let switched = builder.build().expect("the environment is empty");
    let packing = switched.metrics().histogram(PACKING).expect("a histogram");
    packing.observe(0.25);
    for body in [asked.body, scrape(&switched, PROTOBUF).await] {
        let packing = family(&body, "packing_seconds");
        let histogram = packing.metric[0].histogram.as_ref().expect("a histogram");
        assert_eq!((histogram.schema, histogram.zero_threshold), (None, None));
        assert!(histogram.positive_span.is_empty() && histogram.bucket.len() == 3);
    }
    let asked = support::scrape::send(&switched, "GET /metrics?native=1", &headers).await;
    let packing = family(&asked.body, "packing_seconds");
    assert_eq!(
        packing.metric[0].histogram.as_ref().and_then(|h| h.schema),
        Some(3)
    );
}

/// What the builder switches holds for handlers of one's own as well.
#[tokio::test]
async fn encode_shows_what_the_builder_says() {
    let builder = Monitoring::builder("formats")
        .metrics(|metrics| metrics.without_native_histograms())
        .metrics(|metrics| metrics.with_created_series());
    let monitoring = builder.build().expect("the environment is empty");
    let packing = monitoring
        .metrics()
        .histogram(PACKING)
        .expect("a histogram");
    packing.observe(0.25);
    let encode = |accept: &str| monitoring.metrics().encode([accept.as_bytes()]).body;
    let found = family(&encode(PROTOBUF), "packing_seconds");
    assert_eq!(
        found.metric[0].histogram.as_ref().and_then(|h| h.schema),
        None
    );
    let text = String::from_utf8(encode(OPEN_METRICS)).expect("text");
    assert!(text.contains("packing_seconds_created "), "{text}");
}

/// Families of each origin, each larger than a piece of an answer, beside the small ones that are there anyway.
fn large() -> Monitoring {
    let builder = Monitoring::builder("formats").metrics(|metrics| metrics.max_series(MANY));
    let builder = builder.metrics(|metrics| metrics.prometheus_registry(bridged()));
    let monitoring = builder.build().expect("the environment is empty");
    let metrics = monitoring.metrics();
    let packed: DynamicFamily<Counter, 2> = metrics.dynamic(ROUTED).expect("a family");
    let packing: DynamicFamily<Histogram, 1> =
        metrics.dynamic(PACKING.labels(&["to"])).expect("a family");
    for n in 0..MANY as u64 {
        let to = format!("{n} {}", "far ".repeat(200));
        packed.get([&to, "bike"]).add_with_exemplar(n, trace('1'));
        packing
            .get([&to])
            .observe_with_exemplar(n as f64, trace('2'));
    }
    metrics::with_local_recorder(&monitoring.metrics_recorder(), || {
        for n in 0..MANY as u64 {
            metrics::counter!("sent.total", "to.city" => n.to_string(), "by" => "bike", "a_" => "x", "a.b" => "y").increment(n);
        }
    });
    monitoring
}

const MANY: usize = 2_000;

const ROUTED: Metric = Metric::counter(
    "boxes_routed_total",
    "Boxes, by labels that are not sorted.",
)
.labels(&["to", "by"]);
fn bridged() -> prometheus::Registry {
    let registry = prometheus::Registry::new();
    let options = prometheus::Opts::new("bridged_total", "Bridged.");
    let counters = prometheus::IntCounterVec::new(options, &["to", "by"]).expect("a family");
    for n in 0..MANY as u64 {
        counters
            .with_label_values(&[&*n.to_string(), "bike"])
            .inc_by(n);
    }
    registry.register(Box::new(counters)).expect("a new family");
    registry
}

fn large_families() -> Vec<&'static str> {
    let mut names = vec![ROUTED.name(), PACKING.name()];
    names.push("bridged_total");
    names.push("sent_total");
    names
}

/// The value of each series, or how often a histogram observed one.
fn values(family: &metric_family::MetricFamily) -> BTreeMap<&str, f64> {
    let value = |metric: &metric_family::Metric| match (&metric.counter, &metric.histogram) {
        (Some(counter), _) => counter.value,
        (_, Some(histogram)) => histogram.sum,
        _ => panic!("{metric:?}"),
    };
    let of_label = |metric| {
        labels(metric)
            .into_iter()
            .find(|(name, _)| name.starts_with("to"))
    };
    let series = family.metric.iter();
    series
        .map(|metric| (of_label(metric).expect("a label").1, value(metric)))
        .collect()
}

/// Each family is one message, however large it is: a consumer that keys families by name has all of each.
#[tokio::test]
async fn a_large_family_in_protobuf() {
    let monitoring = large();
    let asked = ["accept", "accept-encoding"]
        .into_iter()
        .zip([PROTOBUF, "gzip"]);
    for headers in [vec![("accept", PROTOBUF)], asked.collect()] {
        let scraped = support::scrape::send(&monitoring, "GET /metrics", &headers).await;
        let body = scraped.decoded();
        let mut all = metric_family::families(&body);
        assert!(
            all.len() > large_families().len() + 2,
            "the small ones as well"
        );
        all.retain(|family| large_families().contains(&&*family.name));
        assert_eq!(all.len(), large_families().len());
        for family in &all {
            let values = values(family);
            assert_eq!(values.len(), MANY, "{}", family.name);
            for (to, value) in values {
                let number = to.split(' ').next().and_then(|to| to.parse().ok());
                assert_eq!(number, Some(value), "{}", family.name);
            }
        }
        let bytes: usize = all.iter().map(prost::Message::encoded_len).sum();
        assert!(bytes > 3_000_000, "{bytes}");
    }
}

/// As names are written: `a.b` is before `a_`, and `a_b` behind it.
#[tokio::test]
async fn label_pairs_in_protobuf_are_sorted_by_name() {
    let monitoring = large();
    let names = format!("{PROTOBUF};escaping=allow-utf-8");
    for accept in [PROTOBUF, &names] {
        let body = scrape(&monitoring, accept).await;
        let all = metric_family::families(&body);
        assert!(all.len() > large_families().len());
        for metric in all.iter().flat_map(|family| &family.metric) {
            let labels = labels(metric);
            assert!(labels.is_sorted_by_key(|(name, _)| *name), "{labels:?}");
        }
        let has = |name| all.iter().any(|family| labels_of(family).contains(name));
        assert!(has(if accept == PROTOBUF { "a_b" } else { "a.b" }));
    }
}

#[tokio::test]
async fn a_large_family_in_protobuf_by_name() {
    let monitoring = large();
    for name in large_families() {
        let recorded_as = name.replace("sent_total", "sent.total");
        let line = format!("GET /metrics?name[]={recorded_as}");
        let scraped = support::scrape::send(&monitoring, &line, &[("accept", PROTOBUF)]).await;
        let all = metric_family::families(&scraped.body);
        assert_eq!(all.len(), 1);
        assert_eq!((&*all[0].name, all[0].metric.len()), (name, MANY));
    }
    let whole = monitoring.metrics().encode([PROTOBUF.as_bytes()]);
    let all = metric_family::families(&whole.body);
    assert!(
        large_families()
            .iter()
            .all(|name| all.iter().any(|family| family.name == *name))
    );
}

// --- exemplars ----------------------------------------------------------------------------------------------------------------

/// Only a trace that is recorded somewhere is worth pointing at.
#[tokio::test]
async fn no_exemplar_without_a_sampled_trace() {
    let own = own(false);
    let header = "00-4bf92f3577b34da6a3ce929d0e0e4731-00f067aa0ba902b7-00";
    let unsampled = TraceContext::from_traceparent(header).expect("well-formed");
    own.packed.get(["x"]).add_with_exemplar(1, unsampled);
    own.packing.observe_with_exemplar(0.25, unsampled);
    own.packing.observe_with_exemplar(0.25, None);
    let text = lines(&scrape(&own.monitoring, OPEN_METRICS).await);
    assert!(text.contains("packing_seconds_count 2\n"));
    assert!(!text.contains("trace_id"), "{text}");
}

// --- while others record ------------------------------------------------------------------------------------------------------

/// Count, `+Inf`, the native total and the sum of the native buckets are the same in every scrape, and nothing ever falls.
#[test]
fn every_snapshot_is_sound_while_threads_record() {
    let own = own(false);
    let (packing, stop) = (own.packing, AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    std::thread::scope(|scope| {
        for thread in 0..3u64 {
            let stop = &stop;
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(thread);
                while !stop.load(Ordering::Relaxed) {
                    let seconds = random.f64().powi(12) * 20_000.0;
                    packing.observe_with_exemplar(seconds, (thread == 0).then(|| self::trace('1')));
                }
            });
        }
        let _stop_at_the_end = StopWhenDropped(&stop);
        let mut before: Option<metric_family::Histogram> = None;
        for _ in 0..400 {
            let body = runtime.block_on(scrape(&own.monitoring, PROTOBUF));
            let family = family(&body, "packing_seconds");
            let now = family.metric[0].histogram.clone().expect("a histogram");
            sound(&now);
            if let Some(before) = &before {
                never_falls(before, &now);
            }
            before = Some(now);
        }
        assert!(before.is_some_and(|last| last.count > 10_000));
    });
}

/// Ends the threads also when the test fails, which else waits for them.
struct StopWhenDropped<'a>(&'a AtomicBool);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn sound(histogram: &metric_family::Histogram) {
    let native: u64 = histogram.native().iter().map(|(_, n)| n).sum();
    assert_eq!(native + histogram.zero_count.unwrap_or(0), histogram.count);
    let mut below = 0;
    for bucket in &histogram.bucket {
        assert!((below..=histogram.count).contains(&bucket.cumulative_count));
        let lower = histogram.bucket.iter().map(|b| b.upper_bound);
        let lower = lower
            .filter(|bound| *bound < bucket.upper_bound)
            .fold(-1.0, f64::max);
        if let Some((_, value)) = of(bucket.exemplar.as_ref()) {
            assert!(
                lower < value && value <= bucket.upper_bound,
                "an exemplar lies in its bucket"
            );
        }
        below = bucket.cumulative_count;
    }
}

fn never_falls(before: &metric_family::Histogram, now: &metric_family::Histogram) {
    assert!(now.count >= before.count && now.sum >= before.sum);
    assert!(
        now.schema <= before.schema,
        "a finer schema looks like a restart"
    );
    for (before, now) in before.bucket.iter().zip(&now.bucket) {
        assert!(now.cumulative_count >= before.cumulative_count);
    }
    if now.schema == before.schema {
        let buckets: BTreeMap<_, _> = now.native().into_iter().collect();
        for (index, n) in before.native() {
            assert!(
                buckets.get(&index).is_some_and(|now| *now >= n),
                "bucket {index} fell"
            );
        }
    }
}
