//! Metrics of the `prometheus` crate appear in ours, and ours in its registries.

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::metrics::{Metric, Unit};
use prometheus::core::{Collector, Desc};
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntGaugeVec, Opts, Registry,
};

fn bridged(registry: &Registry) -> Monitoring {
    Monitoring::builder("test")
        .prometheus(registry.clone())
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
        .prometheus(one)
        .prometheus(other);
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
        .register(Box::new(monitoring.prometheus_collector()))
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
        .register(Box::new(monitoring.prometheus_collector()))
        .unwrap();
    assert_eq!(lines(&monitoring, "# TYPE target_info").len(), 1);
    let refused = monitoring.recorded();
    assert_eq!(
        refused.value("monitoring_families_refused_total", &[]),
        None
    );
}
