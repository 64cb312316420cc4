//! Metrics of the `prometheus` crate appear in ours, and ours in its registries.

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::metrics::{Metric, Unit};
use prometheus::core::{Collector, Desc};
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntGaugeVec, Opts, Registry,
};

fn bridged(registry: &Registry) -> Monitoring {
    Monitoring::builder("test")
        .metrics(|metrics| metrics.prometheus_registry(registry.clone()))
        .build()
        .unwrap()
}

fn lines(monitoring: &Monitoring, family: &str) -> Vec<String> {
    let text = monitoring.metrics().render();
    text.lines()
        .filter(|line| line.contains(family))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_given_registry_appears_whole() {
    let registry = Registry::new();
    let time = HistogramOpts::new("bridged_seconds", "B.").buckets(vec![0.5, 1.0]);
    let time = HistogramVec::new(time, &["kind"]).unwrap();
    let depth = IntGaugeVec::new(Opts::new("bridged_depth", "D."), &["queue"]).unwrap();
    registry.register(Box::new(time.clone())).unwrap();
    registry.register(Box::new(depth.clone())).unwrap();
    time.with_label_values(&["a\"b"]).observe(0.7);
    depth.with_label_values(&["x"]).set(-3);
    let monitoring = bridged(&registry);
    let expected = [
        "# HELP bridged_depth D.",
        "# TYPE bridged_depth gauge",
        r#"bridged_depth{queue="x"} -3"#,
        "# HELP bridged_seconds B.",
        "# TYPE bridged_seconds histogram",
        r#"bridged_seconds_bucket{kind="a\"b",le="0.5"} 0"#,
        r#"bridged_seconds_bucket{kind="a\"b",le="1"} 1"#,
        r#"bridged_seconds_bucket{kind="a\"b",le="+Inf"} 1"#,
        r#"bridged_seconds_sum{kind="a\"b"} 0.7"#,
        r#"bridged_seconds_count{kind="a\"b"} 1"#,
    ];
    assert_eq!(lines(&monitoring, "bridged_"), expected);
}

#[test]
fn a_name_that_is_taken_is_left_out_and_counted() {
    let (one, other) = (Registry::new(), Registry::new());
    for (registry, name) in [
        (&one, "http_requests_total"),
        (&one, "request_latency_seconds_count"),
        (&one, "x_total"),
        (&other, "x_total"),
    ] {
        let counter = IntCounter::new(name, "Taken?").unwrap();
        registry.register(Box::new(counter)).unwrap();
    }
    let builder = Monitoring::builder("test")
        .metrics(|metrics| metrics.prometheus_registry(one))
        .metrics(|metrics| metrics.prometheus_registry(other));
    let monitoring = builder.build().unwrap();
    assert_eq!(
        lines(&monitoring, "x_total "),
        [
            "# HELP x_total Taken?",
            "# TYPE x_total counter",
            "x_total 0"
        ]
    );
    let recorded = monitoring.recorded();
    let refused = recorded.value(
        "monitoring_families_refused_total",
        &[("reason", "duplicate")],
    );
    assert_eq!(
        refused,
        Some(3.0),
        "those of the collection before this one"
    );
}

/// A collector that panics.
struct Broken(Desc);

impl Collector for Broken {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<prometheus::proto::MetricFamily> {
        panic!("broken collector")
    }
}

/// A collector that returns what it likes.
struct Made(Vec<prometheus::proto::MetricFamily>);

impl Collector for Made {
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<prometheus::proto::MetricFamily> {
        self.0.clone()
    }
}

/// A family of one gauge, or of a histogram with these buckets.
fn made(name: &str, label: &str, buckets: &[(f64, u64)]) -> prometheus::proto::MetricFamily {
    use prometheus::proto::{
        Bucket, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
    };

    let mut pair = LabelPair::default();
    pair.set_name(label.to_owned());
    pair.set_value("x".to_owned());
    let mut metric = Metric::from_label(vec![pair]);
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    if buckets.is_empty() {
        metric.set_gauge(Gauge::default());
        family.set_field_type(MetricType::GAUGE);
    } else {
        let mut histogram = Histogram::default();
        histogram.set_sample_count(5);
        let buckets = buckets.iter().map(|(bound, count)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(*bound);
            bucket.set_cumulative_count(*count);
            bucket
        });
        histogram.set_bucket(buckets.collect());
        metric.set_histogram(histogram);
        family.set_field_type(MetricType::HISTOGRAM);
    }
    family.mut_metric().push(metric);
    family
}

#[test]
fn what_no_scraper_could_read_is_left_out_and_counted() {
    let registry = Registry::new();
    let families = vec![
        made("sound", "kind", &[]),
        made(
            "sound_seconds",
            "kind",
            &[(0.5, 1), (1.0, 5), (f64::INFINITY, 5)],
        ),
        made("no name", "kind", &[]),
        made("", "kind", &[]),
        made("bad_label", "a.b", &[]),
        made("reserved_label", "le", &[]),
        made("falling_seconds", "kind", &[(0.5, 3), (1.0, 2)]),
        made("unsorted_seconds", "kind", &[(1.0, 1), (0.5, 2)]),
        made("more_than_all_seconds", "kind", &[(0.5, 6)]),
        made("not_a_number_seconds", "kind", &[(f64::NAN, 1), (1.0, 2)]),
    ];
    registry.register(Box::new(Made(families))).unwrap();
    let monitoring = bridged(&registry);
    assert_eq!(
        lines(&monitoring, "sound"),
        [
            "# TYPE sound gauge",
            r#"sound{kind="x"} 0"#,
            "# TYPE sound_seconds histogram",
            r#"sound_seconds_bucket{kind="x",le="0.5"} 1"#,
            r#"sound_seconds_bucket{kind="x",le="1"} 5"#,
            r#"sound_seconds_bucket{kind="x",le="+Inf"} 5"#,
            r#"sound_seconds_sum{kind="x"} 0"#,
            r#"sound_seconds_count{kind="x"} 5"#,
        ]
    );
    let left_out = [
        "no name",
        "bad_label",
        "reserved_label",
        "falling",
        "unsorted",
        "more_than",
        "not_a",
    ];
    for name in left_out {
        let shown = lines(&monitoring, name);
        let shown = shown.iter().filter(|line| !line.starts_with("monitoring_"));
        assert_eq!(shown.count(), 0, "{name}");
    }
    let scrapes_before = 1.0 + left_out.len() as f64; // those of `lines`
    let refused = [("reason", "invalid")];
    let recorded = monitoring.recorded();
    let of_one = [("family", "falling_seconds"), ("reason", "invalid")];
    let of_one = recorded.value("monitoring_families_refused_total", &of_one);
    assert_eq!(of_one, Some(scrapes_before));
    let refused = recorded.value("monitoring_families_refused_total", &refused);
    // This one counts its own refusals after it has shown the counter.
    assert_eq!(refused, Some(8.0 * scrapes_before));
}

/// Series of others are not ours to refuse, but no more of them are shown than a family of ours has.
#[test]
fn a_family_that_is_too_large_is_shown_in_part() {
    let registry = Registry::new();
    let opts = prometheus::Opts::new("endless_total", "Endless.");
    let endless = prometheus::IntCounterVec::new(opts, &["id"]).unwrap();
    for id in 0..30 {
        endless.with_label_values(&[&id.to_string()]).inc();
    }
    registry.register(Box::new(endless)).unwrap();
    let builder =
        Monitoring::builder("test").metrics(|metrics| metrics.prometheus_registry(registry));
    let monitoring = builder
        .metrics(|metrics| metrics.max_series(20))
        .build()
        .unwrap();
    for _ in 0..2 {
        assert_eq!(lines(&monitoring, "endless_total{").len(), 20);
    }
    let recorded = monitoring.recorded();
    let labels = [("family", "endless_total"), ("reason", "too_large")];
    let refused = recorded.value("monitoring_families_refused_total", &labels);
    assert_eq!(refused, Some(2.0), "once for each scrape before this one");
}

/// In OpenMetrics a counter `x_total` and a gauge `x` would be the same family.
#[test]
fn names_that_meet_in_open_metrics() {
    let monitoring = Monitoring::builder("test").build().unwrap();
    let metrics = monitoring.metrics();
    metrics
        .counter(Metric::counter("boxes_total", "B."))
        .unwrap();
    let error = metrics.gauge(Metric::gauge("boxes", "B.")).unwrap_err();
    assert!(
        error.to_string().contains("`boxes_total` and `boxes`"),
        "{error}"
    );
    assert!(metrics.gauge(Metric::gauge("boxes_info", "B.")).is_ok());
    assert!(metrics.gauge(Metric::gauge("boxes_packed", "B.")).is_ok());
}

#[test]
fn a_collector_that_panics_costs_only_its_registry() {
    let registry = Registry::new();
    let desc = Desc::new("broken".into(), "B.".into(), vec![], Default::default()).unwrap();
    registry.register(Box::new(Broken(desc))).unwrap();
    let monitoring = bridged(&registry);
    let own = monitoring
        .metrics()
        .counter(Metric::counter("own_total", "O."))
        .unwrap();
    own.inc();
    assert_eq!(
        lines(&monitoring, "own_total ").last().unwrap(),
        "own_total 1"
    );
    let recorded = monitoring.recorded();
    let refused = recorded.value("monitoring_families_refused_total", &[("reason", "panic")]);
    assert_eq!(refused, Some(1.0));
}

#[test]
fn ours_appear_in_a_registry_of_the_crate() {
    let monitoring = Monitoring::builder("test").build().unwrap();
    let time = Metric::histogram("pack_seconds", "T.")
        .unit(Unit::Seconds)
        .buckets(&[1.0]);
    monitoring.metrics().histogram(time).unwrap().observe(0.5);
    let registry = Registry::new();
    registry
        .register(Box::new(monitoring.as_prometheus_collector()))
        .unwrap();
    let mut text = Vec::new();
    prometheus::TextEncoder::new()
        .encode(&registry.gather(), &mut text)
        .unwrap();
    let text = String::from_utf8(text).unwrap();
    for line in [
        "# TYPE pack_seconds histogram",
        "pack_seconds_bucket{le=\"1\"} 1",
        "pack_seconds_bucket{le=\"+Inf\"} 1",
        "pack_seconds_sum 0.5",
        "target_info{service_name=\"test\"} 1",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
}

#[test]
fn a_registry_that_holds_ours_and_is_bridged_shows_each_family_once() {
    let registry = Registry::new();
    let monitoring = bridged(&registry);
    registry
        .register(Box::new(monitoring.as_prometheus_collector()))
        .unwrap();
    assert_eq!(lines(&monitoring, "# TYPE target_info").len(), 1);
    let refused = monitoring.recorded();
    assert_eq!(
        refused.value("monitoring_families_refused_total", &[]),
        None
    );
}
