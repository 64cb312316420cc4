//! What it costs to record to a counter or a histogram. `cargo bench -p benches --bench record`.
//!
//! See README.md beside this file for what each row means.

mod support;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::metrics::{
    Counter, DynamicFamily, Family, Histogram, LabelSet, LabelValue, Metric, Unit,
};

use support::{Contender, Measured, Plan, measure, table};

const TIMES: usize = 4096;

static MONITORING: LazyLock<Monitoring> = LazyLock::new(|| {
    let monitoring = Monitoring::builder("bench").build();
    monitoring.expect("the environment is empty")
});

#[derive(Clone, Copy, LabelValue)]
enum Plan4 {
    Seedling,
    Grove,
    Forest,
    OldGrowth,
}

#[derive(Clone, Copy, LabelSet)]
struct Packed {
    plan: Plan4,
    gift: bool,
}

const PLANS: [Plan4; 4] = [
    Plan4::Seedling,
    Plan4::Grove,
    Plan4::Forest,
    Plan4::OldGrowth,
];

static COUNTER: LazyLock<Counter> = LazyLock::new(|| {
    let metric = Metric::counter("boxes_total", "Boxes.");
    MONITORING.metrics().counter(metric).expect("a good name")
});

static HISTOGRAM: LazyLock<Histogram> = LazyLock::new(|| {
    let metric = Metric::histogram("box_weight_bytes", "Weight.").unit(Unit::Bytes);
    MONITORING.metrics().histogram(metric).expect("a good name")
});

static FAMILY: LazyLock<Family<Counter, Packed>> = LazyLock::new(|| {
    let metric = Metric::counter("boxes_packed_total", "Boxes.");
    let family = MONITORING.metrics().counter_family(metric);
    family.expect("a good name")
});

static DYNAMIC: LazyLock<DynamicFamily<Counter, 2>> = LazyLock::new(|| {
    let metric = Metric::counter("parcels_sent_total", "Parcels.").labels(&["carrier", "zone"]);
    MONITORING.metrics().dynamic(metric).expect("a good name")
});

static THEIR_COUNTER: LazyLock<prometheus::IntCounter> =
    LazyLock::new(|| prometheus::IntCounter::new("boxes_total", "Boxes.").expect("a good name"));

static THEIR_HISTOGRAM: LazyLock<prometheus::Histogram> = LazyLock::new(|| {
    // As many buckets as ours shows.
    let options = prometheus::HistogramOpts::new("box_weight_bytes", "Weight.").buckets(
        (0..10)
            .map(|power| 256.0 * f64::from(4_u32.pow(power)))
            .collect(),
    );
    prometheus::Histogram::with_opts(options).expect("a good name")
});

static THEIR_FAMILY: LazyLock<prometheus::IntCounterVec> = LazyLock::new(|| {
    let options = prometheus::Opts::new("parcels_sent_total", "Parcels.");
    prometheus::IntCounterVec::new(options, &["carrier", "zone"]).expect("a good name")
});

fn main() {
    static CELLS: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];
    let (counter, histogram, family, dynamic) = (*COUNTER, *HISTOGRAM, *FAMILY, *DYNAMIC);
    let (their_counter, their_histogram) = (&*THEIR_COUNTER, &*THEIR_HISTOGRAM);
    let their_family = &*THEIR_FAMILY;
    let contenders = [
        Contender::repeat("nothing", TIMES, |_| {}),
        Contender::repeat("relaxed fetch_add", TIMES, |_| {
            CELLS[0].fetch_add(1, Ordering::Relaxed);
        }),
        Contender::repeat("pair of relaxed fetch_add", TIMES, |value| {
            CELLS[0].fetch_add(1, Ordering::Relaxed);
            CELLS[1].fetch_add(value, Ordering::Relaxed);
        }),
        Contender::repeat("ours: Counter::inc", TIMES, move |_| counter.inc()),
        Contender::repeat("ours: Histogram::observe", TIMES, move |value| {
            histogram.observe(f64::from(value as u32));
        }),
        Contender::repeat("ours: Family::get, inc", TIMES, move |value| {
            let plan = PLANS[value as usize % PLANS.len()];
            let gift = value & 4 == 0;
            family.get(Packed { plan, gift }).inc();
        }),
        Contender::repeat("ours: DynamicFamily::resolve, inc", TIMES, move |value| {
            dynamic.get(labels(value)).inc();
        }),
        Contender::repeat("prometheus 0.14: IntCounter::inc", TIMES, move |_| {
            their_counter.inc();
        }),
        Contender::repeat("prometheus 0.14: Histogram::observe", TIMES, move |value| {
            their_histogram.observe(f64::from(value as u32));
        }),
        Contender::repeat(
            "prometheus 0.14: with_label_values, inc",
            TIMES,
            move |value| {
                their_family.with_label_values(&labels(value)).inc();
            },
        ),
    ];
    let measured = measure(&Plan::new(32, TIMES), &contenders);
    let (nothing, pair) = (&measured[0], &measured[2]);
    let rows: Vec<table::Row> = measured
        .iter()
        .skip(1)
        .map(|m| row(m, nothing, pair))
        .collect();
    let headings = ["recording", "ns", "2 threads / 1", "/ pair", "allocations"];
    table::print("Recording", &headings, &rows);
    println!();
    let observe = &measured[4];
    table::target(
        "an observation on a resolved histogram / a pair of relaxed fetch_add",
        observe.over(nothing).alone / pair.over(nothing).alone,
        1.5,
    );
    table::target("an observation: allocations", observe.allocations, 0.0);
}

fn row(measured: &Measured, nothing: &Measured, pair: &Measured) -> table::Row {
    let (over, pair) = (measured.over(nothing), pair.over(nothing));
    vec![
        measured.name.to_owned(),
        format!("{:.1}", over.alone),
        format!("{:.2}", over.two_to_one()),
        format!("{:.2}", over.alone / pair.alone),
        format!("{:.2}", measured.allocations),
    ]
}

fn labels(value: u64) -> [&'static str; 2] {
    const CARRIERS: [&str; 4] = ["bike", "train", "van", "ship"];
    const ZONES: [&str; 4] = ["north", "east", "south", "west"];
    [
        CARRIERS[value as usize % CARRIERS.len()],
        ZONES[value as usize / 4 % ZONES.len()],
    ]
}
