//! A service's own metrics: registered once from a description, bounded, and refused with a reason.

use std::time::Duration;

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::metrics::{
    Counter, DynamicFamily, Gauge, Histogram, Kind, LabelSet, Metric, Registry, Unit,
};

fn monitoring() -> Monitoring {
    Monitoring::builder("test").build().unwrap()
}

fn metrics() -> Registry {
    monitoring().metrics()
}

/// Two labels of two values each, written by hand as the derive writes it.
#[derive(Clone, Copy)]
struct Packed {
    forest: bool,
    gift: bool,
}

impl LabelSet for Packed {
    const NAMES: &'static [&'static str] = &["forest", "gift"];
    const CARDINALITY: usize = 4;

    fn index(self) -> usize {
        usize::from(self.forest) * 2 + usize::from(self.gift)
    }

    fn value(index: usize, label: usize) -> &'static str {
        let is = if label == 0 { index / 2 } else { index % 2 };
        if is == 1 { "yes" } else { "no" }
    }
}

/// The lines of `/metrics` that belong to a family.
fn lines(metrics: Registry, family: &str) -> Vec<String> {
    let text = metrics.render();
    let of_family = |line: &&str| {
        let line = line
            .trim_start_matches("# HELP ")
            .trim_start_matches("# TYPE ");
        line.strip_prefix(family)
            .is_some_and(|rest| rest.starts_with([' ', '{', '_']))
    };
    text.lines().filter(of_family).map(str::to_owned).collect()
}

#[test]
fn a_family_is_exposed_whole() {
    let metrics = metrics();
    let packed = metrics
        .counter_family::<Packed>(Metric::counter("packed_total", "Packed \\ boxes.\nAll."))
        .unwrap();
    packed
        .get(Packed {
            forest: true,
            gift: false,
        })
        .add(3);
    packed
        .get(Packed {
            forest: false,
            gift: false,
        })
        .inc();
    let expected = [
        r"# HELP packed_total Packed \\ boxes.\nAll.",
        "# TYPE packed_total counter",
        r#"packed_total{forest="yes",gift="no"} 3"#,
        r#"packed_total{forest="no",gift="no"} 1"#,
    ];
    assert_eq!(lines(metrics, "packed_total"), expected);
}

#[test]
fn a_histogram_is_exposed_whole() {
    let metrics = metrics();
    let time = Metric::histogram("pack_seconds", "T.")
        .unit(Unit::Seconds)
        .buckets(&[0.075, 1.0, 2.5]);
    let time = metrics.histogram(time).unwrap();
    time.observe_duration(Duration::from_millis(75));
    time.observe(1.5);
    time.observe_duration(Duration::from_secs(7200));
    time.observe(0.0);
    let expected = [
        "# HELP pack_seconds T.",
        "# TYPE pack_seconds histogram",
        r#"pack_seconds_bucket{le="0.075"} 2"#,
        r#"pack_seconds_bucket{le="1"} 2"#,
        r#"pack_seconds_bucket{le="2.5"} 3"#,
        r#"pack_seconds_bucket{le="+Inf"} 4"#,
        "pack_seconds_sum 7201.575",
        "pack_seconds_count 4",
    ];
    assert_eq!(lines(metrics, "pack_seconds"), expected);
}

#[test]
fn a_gauge_goes_up_and_down() {
    let metrics = metrics();
    let depth = metrics.gauge(Metric::gauge("depth", "D.")).unwrap();
    depth.set(2.5);
    depth.inc();
    depth.sub(4.0);
    assert_eq!(lines(metrics, "depth")[2..], ["depth -0.5"]);
}

#[test]
fn the_same_description_is_the_same_series() {
    let metrics = metrics();
    let metric = Metric::counter("a_total", "A.");
    metrics.counter(metric).unwrap().inc();
    metrics.counter(metric).unwrap().inc();
    assert_eq!(metrics.counter(metric).unwrap().value(), 2);
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, ecolaura_monitoring::Error>, expected: &[&str]) {
    let error = result.unwrap_err();
    assert!(error.is_metric());
    for part in expected {
        assert!(
            error.to_string().contains(part),
            "`{error}` does not say `{part}`"
        );
    }
}

#[test]
fn broken_rules_are_named() {
    let metrics = metrics();
    let counter = |name| metrics.counter(Metric::counter(name, "h"));
    refused(counter("boxes"), &["`boxes`", "ends in `_total`"]);
    refused(
        counter("bad name_total"),
        &["`bad name_total`", "letters, digits"],
    );
    let buckets = Metric::histogram("h", "h").buckets(&[2.0, 1.0]);
    refused(metrics.histogram(buckets), &["`h`", "ascend"]);
    let le = Metric::gauge("g", "h").labels(&["le"]);
    refused(metrics.dynamic::<Gauge, 1>(le), &["`g`", "`le`"]);
}

#[test]
fn a_name_that_is_taken_is_refused_with_the_difference() {
    let metrics = metrics();
    let taken = Metric::histogram("h", "H.").buckets(&[1.0]);
    metrics.histogram(taken).unwrap();
    refused(
        metrics.gauge(Metric::gauge("h", "H.")),
        &["kind histogram", "gauge"],
    );
    refused(
        metrics.histogram(taken.buckets(&[1.0, 2.0])),
        &["buckets [1.0]", "[1.0, 2.0]"],
    );
    refused(
        metrics.histogram_family::<Packed>(taken),
        &["labels []", "forest"],
    );
    refused(
        metrics.gauge(taken),
        &["described as a histogram", "as a gauge"],
    );
    refused(
        metrics.histogram(Metric::histogram("h", "Other.").buckets(&[1.0])),
        &["Other.", "another name"],
    );
}

#[test]
fn names_of_the_library_are_refused() {
    let metrics = metrics();
    for own in ecolaura_monitoring::catalog::ALL {
        refused(
            match own.kind() {
                Kind::Counter => metrics.counter(*own).map(drop),
                Kind::Histogram => metrics.histogram(*own).map(drop),
                _ => metrics.gauge(*own).map(drop),
            },
            &[own.name()],
        );
    }
    let own = ecolaura_monitoring::catalog::HTTP_REQUESTS;
    refused(
        metrics.dynamic::<Counter, 4>(own),
        &["belongs to the library"],
    );
}

#[test]
fn labels_of_description_and_type_agree() {
    let metrics = metrics();
    let other = Metric::counter("a_total", "A.").labels(&["x"]);
    refused(
        metrics.counter_family::<Packed>(other),
        &["[\"x\"]", "leave"],
    );
    let two = Metric::counter("b_total", "B.").labels(&["x", "y"]);
    refused(
        metrics.dynamic::<Counter, 1>(two),
        &["[\"x\", \"y\"]", "with 1"],
    );
}

#[test]
fn a_full_family_overflows_and_says_so() {
    let monitoring = Monitoring::builder("test")
        .metrics(|metrics| metrics.max_series(3))
        .build()
        .unwrap();
    let metric = Metric::counter("sent_total", "S.").labels(&["carrier", "zone"]);
    let sent: DynamicFamily<Counter, 2> = monitoring.metrics().dynamic(metric).unwrap();
    for n in 0..10 {
        sent.get([&n.to_string(), "a"]).inc();
    }
    sent.get(["0", "a"]).inc();
    let expected = [
        r#"sent_total{carrier="0",zone="a"} 2"#,
        r#"sent_total{carrier="1",zone="a"} 1"#,
        r#"sent_total{carrier="2",zone="a"} 1"#,
        r#"sent_total{carrier="_overflow",zone="_overflow"} 7"#,
    ];
    assert_eq!(lines(monitoring.metrics(), "sent_total")[2..], expected);
    let recorded = monitoring.recorded();
    let refused = recorded.value(
        "monitoring_series_refused_total",
        &[("metric", "sent_total")],
    );
    assert_eq!(refused, Some(7.0));
}

#[test]
fn a_label_set_that_spells_the_overflow_is_the_overflow() {
    let monitoring = Monitoring::builder("test")
        .metrics(|metrics| metrics.max_series(1))
        .build()
        .unwrap();
    let metric = Metric::counter("sent_total", "S.").labels(&["carrier"]);
    let sent: DynamicFamily<Counter, 1> = monitoring.metrics().dynamic(metric).unwrap();
    for carrier in ["_overflow", "bike", "ship", "_overflow"] {
        sent.get([carrier]).inc();
    }
    let expected = [
        r#"sent_total{carrier="bike"} 1"#,
        r#"sent_total{carrier="_overflow"} 3"#,
    ];
    assert_eq!(lines(monitoring.metrics(), "sent_total")[2..], expected);
}

#[test]
fn every_series_of_a_family_can_begin_at_zero() {
    let metrics = metrics();
    let packed = metrics
        .counter_family::<Packed>(Metric::counter("packed_total", "P."))
        .unwrap()
        .init_all();
    packed
        .get(Packed {
            forest: true,
            gift: true,
        })
        .inc();
    let expected = [
        r#"packed_total{forest="no",gift="no"} 0"#,
        r#"packed_total{forest="no",gift="yes"} 0"#,
        r#"packed_total{forest="yes",gift="no"} 0"#,
        r#"packed_total{forest="yes",gift="yes"} 1"#,
    ];
    assert_eq!(lines(metrics, "packed_total")[2..], expected);
}

#[test]
fn label_sets_are_told_apart_by_every_value() {
    let metric = Metric::counter("c_total", "C.").labels(&["a", "b"]);
    let family: DynamicFamily<Counter, 2> = metrics().dynamic(metric).unwrap();
    family.get(["x", "yz"]).add(1);
    family.get(["xy", "z"]).add(2);
    family.get(["", "xyz"]).add(3);
    assert_eq!(family.get(["x", "yz"]).value(), 1);
    assert_eq!(family.get(["xy", "z"]).value(), 2);
    assert_eq!(family.get(["", "xyz"]).value(), 3);
}

#[test]
fn values_that_are_none_are_counted_not_recorded() {
    let monitoring = monitoring();
    let metric = Metric::histogram("fill_ratio", "F.").unit(Unit::Ratio);
    let fill: Histogram = monitoring.metrics().histogram(metric).unwrap();
    for value in [f64::NAN, -0.1, f64::NEG_INFINITY, f64::INFINITY] {
        fill.observe(value);
    }
    fill.observe(1e300);
    fill.observe(0.3);
    let recorded = monitoring.recorded();
    let name = "monitoring_observations_refused_total";
    assert_eq!(recorded.value(name, &[("metric", "fill_ratio")]), Some(4.0));
    let fill = recorded.histogram("fill_ratio", &[]).unwrap();
    assert_eq!(fill.count, 2);
    assert_eq!(fill.buckets[1..3], [(0.2, 0), (0.3, 1)]);
}

#[test]
fn observing_a_time_on_a_histogram_without_seconds_observes_its_seconds() {
    let metric = Metric::histogram("score", "S.").buckets(&[1.0, 2.0]);
    let monitoring = monitoring();
    let score = monitoring.metrics().histogram(metric).unwrap();
    score.observe_duration(Duration::from_secs(2));
    let score = monitoring.recorded().histogram("score", &[]).unwrap();
    assert_eq!((score.sum, score.buckets), (2.0, vec![(1.0, 0), (2.0, 1)]));
}
