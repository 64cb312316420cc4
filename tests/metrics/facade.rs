//! What other crates record with the `metrics` crate's macros appears in `/metrics`, bounded.

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::metrics::Metric;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
    with_local_recorder,
};

fn monitoring() -> Monitoring {
    let monitoring = Monitoring::builder("facade").build();
    monitoring.expect("the environment is empty")
}

fn capped(max: usize) -> Monitoring {
    let monitoring = Monitoring::builder("facade")
        .metrics(|metrics| metrics.max_series(max))
        .build();
    monitoring.expect("the environment is empty")
}

/// Records here what the macros record.
fn record(monitoring: &Monitoring, work: impl FnOnce()) {
    with_local_recorder(&monitoring.metrics_recorder(), work);
}

/// The lines of what these macros recorded: all but those of our own families.
fn lines_of(text: &str) -> String {
    let ours = ["target", "monitoring_", "http_", "request_"];
    let lines = text.lines().filter(|line| {
        let line = line.strip_prefix("# ").map_or(*line, |head| {
            head.split_once(' ').map_or(head, |(_, rest)| rest)
        });
        !line.is_empty() && !ours.iter().any(|name| line.starts_with(name))
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[track_caller]
fn text(monitoring: &Monitoring, expected: &str) {
    assert_eq!(lines_of(&monitoring.metrics().render()), expected);
}

fn losses(monitoring: &Monitoring, family: &str, metric: &str) -> Option<f64> {
    monitoring.recorded().value(family, &[("metric", metric)])
}

/// What was refused until the scrape before this one.
fn families_refused(monitoring: &Monitoring, reason: &str) -> Option<f64> {
    let name = "monitoring_families_refused_total";
    monitoring.recorded().value(name, &[("reason", reason)])
}

// --- values -----------------------------------------------------------------------------------------------------------------

fn a_little_of_everything() {
    describe_counter!("parcels_bytes_total", Unit::Bytes, "Weight of \"all\".");
    describe_gauge!("queue_depth", "Orders\nwaiting.");
    describe_histogram!("packing_seconds", Unit::Seconds, "Time to pack.");
    counter!("parcels_bytes_total", "to" => "Oslo", "by" => "bike").increment(7);
    counter!("parcels_bytes_total", "by" => "bike", "to" => "Oslo").increment(5);
    counter!("parcels_bytes_total").absolute(3);
    gauge!("queue_depth").set(4.0);
    gauge!("queue_depth").increment(0.5);
    gauge!("queue_depth").decrement(2);
    histogram!("packing_seconds", "plan" => "a\"b").record(0.3);
    histogram!("packing_seconds", "plan" => "a\"b").record_many(20.0, 2);
}

const TEXT: &str = r#"# HELP parcels_bytes_total Weight of "all".
# TYPE parcels_bytes_total counter
parcels_bytes_total{by="bike",to="Oslo"} 12
parcels_bytes_total 3
# HELP queue_depth Orders\nwaiting.
# TYPE queue_depth gauge
queue_depth 2.5
# HELP packing_seconds Time to pack.
# TYPE packing_seconds histogram
packing_seconds_bucket{plan="a\"b",le="0.005"} 0
packing_seconds_bucket{plan="a\"b",le="0.01"} 0
packing_seconds_bucket{plan="a\"b",le="0.025"} 0
packing_seconds_bucket{plan="a\"b",le="0.05"} 0
packing_seconds_bucket{plan="a\"b",le="0.075"} 0
packing_seconds_bucket{plan="a\"b",le="0.1"} 0
packing_seconds_bucket{plan="a\"b",le="0.25"} 0
packing_seconds_bucket{plan="a\"b",le="0.5"} 1
packing_seconds_bucket{plan="a\"b",le="0.75"} 1
packing_seconds_bucket{plan="a\"b",le="1"} 1
packing_seconds_bucket{plan="a\"b",le="2.5"} 1
packing_seconds_bucket{plan="a\"b",le="5"} 1
packing_seconds_bucket{plan="a\"b",le="7.5"} 1
packing_seconds_bucket{plan="a\"b",le="10"} 1
packing_seconds_bucket{plan="a\"b",le="+Inf"} 3
packing_seconds_sum{plan="a\"b"} 40.3
packing_seconds_count{plan="a\"b"} 3
"#;

#[test]
fn values_in_text() {
    let monitoring = monitoring();
    record(&monitoring, a_little_of_everything);
    text(&monitoring, TEXT);
}

#[test]
fn a_counter_is_told_how_much_there_is_and_never_falls() {
    let monitoring = monitoring();
    record(&monitoring, || {
        let told = counter!("told");
        for (value, expected) in [(10, 10.0), (4, 10.0), (11, 11.0)] {
            told.absolute(value);
            let recorded = monitoring.recorded();
            assert_eq!(recorded.value("told", &[]), Some(expected));
        }
        told.increment(2);
        told.absolute(12);
    });
    assert_eq!(monitoring.recorded().value("told", &[]), Some(13.0));
}

#[test]
fn threads_lose_nothing() {
    let monitoring = monitoring();
    let recorder = monitoring.metrics_recorder();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                with_local_recorder(&recorder, || {
                    for n in 0..10_000u32 {
                        counter!("all").increment(1);
                        counter!("each", "n" => (n % 50).to_string()).increment(1);
                        histogram!("times").record(2.0);
                        gauge!("sum").increment(1.0);
                    }
                });
            });
        }
    });
    let recorded = monitoring.recorded();
    for name in ["all", "each", "sum"] {
        assert_eq!(recorded.value(name, &[]), Some(40_000.0), "{name}");
    }
    assert_eq!(recorded.label_sets("each").len(), 50);
    let times = recorded.histogram("times", &[]).expect("a histogram");
    assert_eq!((times.count, times.sum), (40_000, 80_000.0));
}

#[test]
fn what_is_no_measurement_is_counted() {
    let monitoring = monitoring();
    record(&monitoring, || {
        for value in [f64::NAN, -1.0, f64::INFINITY, 1.0] {
            histogram!("scores", "of" => "a").record(value);
        }
        gauge!("level").set(f64::NAN);
    });
    let recorded = monitoring.recorded();
    assert_eq!(recorded.histogram("scores", &[]).map(|h| h.count), Some(1));
    let refused = "monitoring_observations_refused_total";
    assert_eq!(losses(&monitoring, refused, "scores"), Some(3.0));
    assert_eq!(losses(&monitoring, refused, "level"), None);
    assert!(monitoring.metrics().render().contains("\nlevel NaN\n"));
}

// --- descriptions -----------------------------------------------------------------------------------------------------------

fn bounds(monitoring: &Monitoring, name: &str) -> (f64, f64) {
    let histogram = monitoring.recorded().histogram(name, &[]);
    let buckets = histogram.expect("a histogram").buckets;
    (buckets[0].0, buckets[buckets.len() - 1].0)
}

#[test]
fn buckets_are_those_of_the_unit() {
    let monitoring = monitoring();
    record(&monitoring, || {
        describe_histogram!("described", Unit::Seconds, "D.");
        describe_histogram!("large", Unit::Bytes, "D.");
        describe_histogram!("short", Unit::Milliseconds, "D.");
        for name in [
            "described",
            "large",
            "short",
            "a_seconds",
            "b.seconds",
            "a.bytes",
            "plain",
            "late",
        ] {
            histogram!(name).record(2.0);
        }
        describe_histogram!("late", Unit::Seconds, "Too late for other buckets.");
        histogram!("late", "again" => "yes").record(2.0);
    });
    for (name, expected) in [
        ("described", (0.005, 10.0)),
        ("a_seconds", (0.005, 10.0)),
        ("b.seconds", (0.005, 10.0)),
        ("large", (256.0, 67_108_864.0)),
        ("a.bytes", (256.0, 67_108_864.0)),
        ("short", (1.0, 1000.0)),
        ("plain", (1.0, 1000.0)),
        ("late", (1.0, 1000.0)),
    ] {
        assert_eq!(bounds(&monitoring, name), expected, "{name}");
    }
    let recorded = monitoring.recorded();
    assert_eq!(recorded.histogram("short", &[]).map(|h| h.sum), Some(2.0));
}

#[test]
fn help_changes_with_the_next_description() {
    let monitoring = monitoring();
    record(&monitoring, || {
        counter!("x").increment(1);
        text(&monitoring, "# TYPE x counter\nx 1\n");
        describe_counter!("x", "One.");
        text(&monitoring, "# HELP x One.\n# TYPE x counter\nx 1\n");
        describe_counter!("x", "Two.");
        text(&monitoring, "# HELP x Two.\n# TYPE x counter\nx 1\n");
        describe_gauge!("x", "Another kind's.");
        describe_gauge!("never_recorded", "N.");
        text(&monitoring, "# HELP x Two.\n# TYPE x counter\nx 1\n");
    });
    assert_eq!(families_refused(&monitoring, "duplicate"), None);
}

// --- names ------------------------------------------------------------------------------------------------------------------

#[test]
fn labels_that_prometheus_cannot_take() {
    let monitoring = monitoring();
    record(&monitoring, || {
        counter!("x", "empty" => "").increment(1);
        counter!("x").increment(1);
        counter!("y", "a" => "1", "a" => "2").increment(1);
        counter!("y", "a.b" => "1", "a_b" => "2").increment(1);
        counter!("y", "__name__" => "z", "le" => "1").increment(1);
        histogram!("h", "le" => "1").record(5000.0);
        gauge!("").set(1);
    });
    let found = lines_of(&monitoring.metrics().render());
    let found: Vec<_> = found
        .lines()
        .filter(|line| !line.contains("_bucket"))
        .collect();
    let expected = [
        "# TYPE x counter",
        "x 2",
        "# TYPE y counter",
        r#"y{a="2"} 1"#,
        r#"y{a_b="2"} 1"#,
        r#"y{exported___name__="z",le="1"} 1"#,
        "# TYPE h histogram",
        r#"h_sum{exported_le="1"} 5000"#,
        r#"h_count{exported_le="1"} 1"#,
        "# TYPE _ gauge",
        "_ 1",
    ];
    assert_eq!(found, expected);
}

/// The first one is shown. What comes after is recorded, too, but nobody sees it.
#[test]
fn a_name_that_is_taken_is_left_out_and_counted() {
    let monitoring = monitoring();
    let own = Metric::counter("own_total", "O.");
    monitoring.metrics().counter(own).expect("a counter").inc();
    record(&monitoring, || {
        counter!("x").increment(1);
        gauge!("x").set(1); // another kind
        counter!("x_total").increment(1); // what OpenMetrics calls the first
        counter!("a.b").increment(1);
        counter!("a_b").increment(1); // the same for a scraper that takes identifiers
        counter!("own_total").increment(1);
        counter!("own").increment(1); // in OpenMetrics
        counter!("http_requests_total").increment(1);
        counter!("monitoring_series_refused_total").increment(1);
        gauge!("http_request_duration_seconds_count").set(1);
        histogram!("h").record(5000.0);
        gauge!("h_sum").set(1);
    });
    let found = lines_of(&monitoring.metrics().render());
    let found: Vec<_> = found
        .lines()
        .filter(|line| !line.contains("_bucket"))
        .collect();
    let expected = [
        "# HELP own_total O.",
        "# TYPE own_total counter",
        "own_total 1",
        "# TYPE x counter",
        "x 1",
        "# TYPE a_b counter",
        "a_b 1",
        "# TYPE h histogram",
        "h_sum 5000",
        "h_count 1",
    ];
    assert_eq!(found, expected);
    assert_eq!(families_refused(&monitoring, "duplicate"), Some(9.0));
    assert_eq!(families_refused(&monitoring, "duplicate"), Some(18.0));
}
#[test]
fn both_bridges_show_a_name_once() {
    let registry = prometheus::Registry::new();
    for name in ["bridged_total", "only_there_total"] {
        let counter = prometheus::IntCounter::new(name, "B.").expect("a counter");
        registry.register(Box::new(counter)).expect("a new name");
    }
    let builder =
        Monitoring::builder("facade").metrics(|metrics| metrics.prometheus_registry(registry));
    let monitoring = builder.build().expect("the environment is empty");
    record(&monitoring, || {
        counter!("bridged").increment(1);
        counter!("only_here").increment(1);
    });
    let expected = "# HELP bridged_total B.\n# TYPE bridged_total counter\nbridged_total 0\n\
                    # HELP only_there_total B.\n# TYPE only_there_total counter\nonly_there_total 0\n\
                    # TYPE only_here counter\nonly_here 1\n";
    text(&monitoring, expected);
    assert_eq!(families_refused(&monitoring, "duplicate"), Some(1.0));
}

// --- bounds -----------------------------------------------------------------------------------------------------------------

const SERIES_REFUSED: &str = "monitoring_series_refused_total";

#[test]
fn label_sets_beyond_the_cap_are_recorded_together() {
    let monitoring = capped(10);
    record(&monitoring, || {
        for n in 0..1000 {
            counter!("visits", "user" => n.to_string()).increment(1);
            gauge!("depth", "user" => n.to_string()).increment(1.0);
            histogram!("times", "user" => n.to_string(), "at" => "x").record(1.0);
        }
        counter!("visits", "user" => "7").increment(1); // known
        counter!("visits", "user" => "_overflow").increment(1); // nothing new
        counter!("visits", "shop" => "1").increment(1);
        counter!("visits").increment(1);
    });
    let recorded = monitoring.recorded();
    let overflow = [("user", "_overflow")];
    assert_eq!(recorded.label_sets("visits").len(), 11);
    assert_eq!(recorded.value("visits", &[("user", "7")]), Some(2.0));
    assert_eq!(recorded.value("visits", &overflow), Some(993.0));
    assert_eq!(recorded.value("visits", &[]), Some(1004.0));
    assert_eq!(recorded.value("depth", &overflow), Some(990.0));
    let both = [("at", "_overflow"), ("user", "_overflow")];
    let times = recorded.histogram("times", &both);
    assert_eq!(times.map(|times| times.count), Some(990));
    assert_eq!(losses(&monitoring, SERIES_REFUSED, "visits"), Some(992.0));
    assert_eq!(losses(&monitoring, SERIES_REFUSED, "depth"), Some(990.0));
    assert_eq!(losses(&monitoring, SERIES_REFUSED, "times"), Some(990.0));
}

/// Where a set without labels finds no room, the series that takes it has labels all the same.
#[test]
fn the_series_for_what_finds_no_room_is_told_from_others() {
    let monitoring = capped(1);
    record(&monitoring, || {
        counter!("x", "a" => "1").increment(1);
        counter!("x").increment(1);
    });
    let expected = "# TYPE x counter\nx{a=\"1\"} 1\nx{a=\"_overflow\"} 1\n";
    text(&monitoring, expected);
}

/// Refusals are shown by name, of which a family of each kind may have one, as may one that is not shown.
#[test]
fn what_was_refused_is_one_series_for_each_name() {
    let monitoring = capped(2);
    record(&monitoring, || {
        for n in 0..5 {
            counter!("http_requests_total", "n" => n.to_string()).increment(1);
            gauge!("http_requests_total", "n" => n.to_string()).set(1);
        }
    });
    let render = monitoring.metrics().render();
    let line = "monitoring_series_refused_total{metric=\"http_requests_total\"} ";
    let found: Vec<_> = render.lines().filter(|l| l.starts_with(line)).collect();
    assert_eq!(found, [format!("{line}6")]);
}

#[test]
fn families_beyond_the_cap_are_not_recorded() {
    let monitoring = capped(10);
    record(&monitoring, || {
        for n in 0..1000 {
            counter!(format!("family_{n}")).increment(1);
        }
        describe_gauge!("another", "A.");
        counter!("family_3").increment(1);
    });
    let text = monitoring.metrics().render();
    let shown = text
        .lines()
        .filter(|line| line.starts_with("# TYPE family_"));
    assert_eq!(shown.count(), 10);
    assert!(text.contains("\nfamily_3 2\n"));
    assert_eq!(families_refused(&monitoring, "full"), Some(991.0));
}

/// Telling one key from another: names, labels and values that read the same when they are put together.
#[test]
fn keys_that_look_alike_are_told_apart() {
    let monitoring = monitoring();
    record(&monitoring, || {
        counter!("k", "a" => "bc").increment(1);
        counter!("k", "ab" => "c").increment(2);
        counter!("k", "a" => "b", "c" => "d").increment(3);
        counter!("k", "a" => "d", "c" => "b").increment(4);
        counter!("k", "c" => "b", "a" => "d").increment(5);
    });
    let expected = "# TYPE k counter\nk{a=\"bc\"} 1\nk{ab=\"c\"} 2\n\
                    k{a=\"b\",c=\"d\"} 3\nk{a=\"d\",c=\"b\"} 9\n";
    text(&monitoring, expected);
}

// --- formats ----------------------------------------------------------------------------------------------------------------
mod formats {
    use super::*;
    use support::metric_family::{Metric, MetricType, family};
    use support::scrape::{OPEN_METRICS, PROTOBUF, scrape};

    async fn scraped(monitoring: &Monitoring, accept: &str) -> String {
        let body = scrape(monitoring, accept).await;
        lines_of(std::str::from_utf8(&body).expect("text"))
    }

    const OPEN_METRICS_TEXT: &str = r#"# TYPE parcels_bytes counter
# UNIT parcels_bytes bytes
# HELP parcels_bytes Weight of \"all\".
parcels_bytes_total{by="bike",to="Oslo"} 12
parcels_bytes_total 3
# TYPE queue_depth gauge
# HELP queue_depth Orders\nwaiting.
queue_depth 2.5
# TYPE packing_seconds histogram
# UNIT packing_seconds seconds
# HELP packing_seconds Time to pack.
packing_seconds_bucket{plan="a\"b",le="0.005"} 0
"#;

    #[tokio::test]
    async fn values_in_open_metrics() {
        let monitoring = monitoring();
        record(&monitoring, a_little_of_everything);
        let found = scraped(&monitoring, OPEN_METRICS).await;
        assert!(found.starts_with(OPEN_METRICS_TEXT), "{found}");
        let end = "packing_seconds_bucket{plan=\"a\\\"b\",le=\"+Inf\"} 3\n\
                   packing_seconds_count{plan=\"a\\\"b\"} 3\n\
                   packing_seconds_sum{plan=\"a\\\"b\"} 40.3\n# EOF\n";
        assert!(found.ends_with(end), "{found}");
    }

    fn labels(metric: &Metric) -> Vec<(&str, &str)> {
        let pairs = metric.label.iter();
        pairs.map(|pair| (&*pair.name, &*pair.value)).collect()
    }

    #[tokio::test]
    async fn values_in_protobuf() {
        let monitoring = monitoring();
        record(&monitoring, a_little_of_everything);
        let body = scrape(&monitoring, PROTOBUF).await;
        let bytes = family(&body, "parcels_bytes_total");
        let head = (bytes.kind(), &*bytes.unit, &*bytes.help);
        assert_eq!(head, (MetricType::Counter, "bytes", "Weight of \"all\"."));
        let values: Vec<_> = bytes
            .metric
            .iter()
            .map(|metric| {
                let counter = metric.counter.as_ref().expect("a counter");
                assert!(counter.start.is_some_and(|at| at.seconds > 1_700_000_000));
                (labels(metric), counter.value)
            })
            .collect();
        let bike = vec![("by", "bike"), ("to", "Oslo")];
        assert_eq!(values, [(bike, 12.0), (vec![], 3.0)]);
        let depth = family(&body, "queue_depth");
        let depth = depth.metric[0].gauge.as_ref().expect("a gauge");
        assert_eq!(depth.value, 2.5);
        let packing = family(&body, "packing_seconds");
        let packing = packing.metric[0].histogram.as_ref().expect("a histogram");
        assert_eq!((packing.count, packing.sum), (3, 40.3));
        assert_eq!(packing.bucket.len(), 14);
        // 0.3 s lies in bucket -13 (2^(-13/8) is 0.32), 20 s in 35 (2^(35/8) is 20.7).
        assert_eq!(packing.native(), [(-13, 1), (35, 2)]);
    }

    fn named_freely() {
        describe_counter!("shop.parcels-sent", "P.");
        counter!("shop.parcels-sent", "carrier.name" => "bike", "ok" => "1").increment(1);
        gauge!("a\"\\\nb", "c\"\\\nd" => "e\"\\\nf").set(1);
    }

    #[tokio::test]
    async fn names_with_dots() {
        let monitoring = monitoring();
        record(&monitoring, named_freely);
        let underscores = "# HELP shop_parcels_sent P.\n# TYPE shop_parcels_sent counter\n\
            shop_parcels_sent{carrier_name=\"bike\",ok=\"1\"} 1\n\
            # TYPE a___b gauge\na___b{c___d=\"e\\\"\\\\\\nf\"} 1\n";
        for accept in [
            "text/plain",
            "text/plain;version=1.0.0;escaping=underscores",
        ] {
            assert_eq!(scraped(&monitoring, accept).await, underscores);
        }
        let as_they_are = "# HELP \"shop.parcels-sent\" P.\n# TYPE \"shop.parcels-sent\" counter\n\
            {\"shop.parcels-sent\",\"carrier.name\"=\"bike\",ok=\"1\"} 1\n\
            # TYPE \"a\\\"\\\\\\nb\" gauge\n{\"a\\\"\\\\\\nb\",\"c\\\"\\\\\\nd\"=\"e\\\"\\\\\\nf\"} 1\n";
        let accept = "text/plain;version=1.0.0;escaping=allow-utf-8";
        assert_eq!(scraped(&monitoring, accept).await, as_they_are);
        let dots = scraped(&monitoring, "text/plain;version=1.0.0;escaping=dots").await;
        let expected = "shop_dot_parcels__sent{carrier_dot_name=\"bike\",ok=\"1\"} 1\n";
        assert!(dots.contains(expected), "{dots}");
    }

    /// Nothing is renamed: a counter whose name has no `_total` is of no type there, so that its series stays the same in every format.
    #[tokio::test]
    async fn names_with_dots_in_open_metrics() {
        let monitoring = monitoring();
        record(&monitoring, named_freely);
        let accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8";
        let found = scraped(&monitoring, accept).await;
        let expected = "# TYPE \"shop.parcels-sent\" unknown\n# HELP \"shop.parcels-sent\" P.\n\
            {\"shop.parcels-sent\",\"carrier.name\"=\"bike\",ok=\"1\"} 1\n";
        assert!(found.starts_with(expected), "{found}");
        let found = scraped(&monitoring, OPEN_METRICS).await;
        let expected = "shop_parcels_sent{carrier_name=\"bike\",ok=\"1\"} 1\n";
        assert!(found.contains(expected), "{found}");
    }

    /// OpenMetrics wants the unit after a `_`: else Prometheus 3 refuses the whole scrape.
    #[tokio::test]
    async fn a_unit_after_a_dot_is_not_told() {
        let monitoring = monitoring();
        record(&monitoring, || {
            describe_histogram!("rpc.duration.seconds", Unit::Seconds, "R.");
            histogram!("rpc.duration.seconds").record(0.1);
            describe_gauge!("temp_seconds", Unit::Seconds, "T.");
            gauge!("temp_seconds").set(1.0);
            counter!("_total").increment(1);
        });
        let accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8";
        let text = String::from_utf8(scrape(&monitoring, accept).await.to_vec()).expect("text");
        assert!(
            text.contains("# TYPE \"rpc.duration.seconds\" histogram\n"),
            "{text}"
        );
        assert!(!text.contains("# UNIT \""), "{text}");
        assert!(text.contains("# UNIT temp_seconds seconds\n"), "{text}");
        assert!(text.contains("# TYPE _total unknown\n_total 1\n"), "{text}");
    }

    /// Two spellings of a label that are one name to most scrapers are one series, or it would be there twice.
    #[tokio::test]
    async fn two_spellings_of_a_label() {
        let monitoring = monitoring();
        record(&monitoring, || {
            counter!("split_total", "a.b" => "1", "a0" => "x").increment(1);
            counter!("split_total", "a_b" => "1", "a0" => "x").increment(2);
        });
        let text = String::from_utf8(scrape(&monitoring, "text/plain").await.to_vec());
        let text = text.expect("text");
        assert!(
            text.contains("split_total{a0=\"x\",a_b=\"1\"} 3\n"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn names_with_dots_in_protobuf() {
        let monitoring = monitoring();
        record(&monitoring, named_freely);
        let accept = format!("{PROTOBUF};escaping=allow-utf-8");
        for (accept, name, label) in [
            (&*accept, "shop.parcels-sent", "carrier.name"),
            (PROTOBUF, "shop_parcels_sent", "carrier_name"),
        ] {
            let body = scrape(&monitoring, accept).await;
            let sent = family(&body, name);
            assert_eq!(labels(&sent.metric[0]), [(label, "bike"), ("ok", "1")]);
        }
    }
}

// --- allocations ------------------------------------------------------------------------------------------------------------

/// What a call allocates when it has been called often.
fn allocations(monitoring: &Monitoring, mut work: impl FnMut()) -> u64 {
    let mut least = u64::MAX;
    record(monitoring, || {
        for _ in 0..6000 {
            work();
        }
        for _ in 0..10 {
            let measured = allocation_counter::measure(|| (0..200).for_each(|_| work()));
            least = least.min(measured.count_total);
        }
    });
    least
}

#[test]
fn a_key_that_is_known_allocates_nothing() {
    let monitoring = monitoring();
    let none = |work: &mut dyn FnMut()| assert_eq!(allocations(&monitoring, work), 0);
    none(&mut || counter!("c").increment(1));
    none(&mut || counter!("c", "to" => "Oslo", "by" => "bike").increment(1));
    none(&mut || counter!("c", "to" => "Oslo", "by" => "bike").absolute(1));
    none(&mut || gauge!("g", "to" => "Oslo").set(1.0));
    none(&mut || histogram!("h_seconds", "to" => "Oslo").record(0.07));
    none(&mut || histogram!("h_seconds", "to" => "Oslo").record(f64::NAN));
}
