//! What it costs to tell of a sign-up, an amount, a user. `cargo bench -p benches --bench business`.
//!
//! See README.md beside this file for what each row means.

mod support;

use std::collections::HashMap;
use std::hash::Hasher as _;
use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::business::Business;
use ecolaura_monitoring::resources::Cache;
use siphasher::sip::SipHasher13;

use support::{Contender, Measured, Plan, measure, table};

const TIMES: usize = 4096;

const PLANS: [&str; 4] = ["seedling", "grove", "forest", "old_growth"];

static MONITORING: LazyLock<Monitoring> = LazyLock::new(|| {
    let builder = Monitoring::builder("bench").user_hash_key("a key of the bench alone");
    builder.build().expect("the environment is empty")
});

static BUSINESS: LazyLock<Business> = LazyLock::new(|| {
    let names = MONITORING
        .business()
        .plans(PLANS)
        .currencies(["EUR", "USD"]);
    let names = names.touchpoints(PLANS).journey("subscription", PLANS);
    names.register().expect("good names")
});

static CACHE: LazyLock<Cache> =
    LazyLock::new(|| MONITORING.cache("products").expect("a good name"));

/// What a service would write by hand: a map of counters.
static BY_HAND: LazyLock<HashMap<&str, AtomicU64>> =
    LazyLock::new(|| PLANS.map(|plan| (plan, AtomicU64::new(0))).into());

static BY_HAND_NESTED: LazyLock<HashMap<&str, HashMap<&str, AtomicU64>>> = LazyLock::new(|| {
    let steps = PLANS.map(|plan| (plan, AtomicU64::new(0))).into();
    [("subscription", steps)].into()
});

/// Ids of 22 bytes.
static USERS: LazyLock<Vec<String>> = LazyLock::new(|| {
    (0..4096)
        .map(|n| format!("user-{n:05}@example.org"))
        .collect()
});

fn plan(value: u64) -> &'static str {
    black_box(PLANS[value as usize % PLANS.len()])
}

fn user(value: u64) -> &'static [u8] {
    USERS[value as usize % USERS.len()].as_bytes()
}

fn main() {
    let (business, cache) = (*BUSINESS, *CACHE);
    let (by_hand, nested) = (&*BY_HAND, &*BY_HAND_NESTED);
    let contenders = [
        Contender::repeat("nothing", TIMES, |_| {}),
        Contender::repeat("by hand: look up, fetch_add", TIMES, move |value| {
            if let Some(count) = by_hand.get(plan(value)) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }),
        Contender::repeat("by hand: look up twice, fetch_add", TIMES, move |value| {
            let steps = nested.get(black_box("subscription"));
            if let Some(count) = steps.and_then(|steps| steps.get(plan(value))) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }),
        Contender::repeat("SipHash-1-3 of 22 bytes", TIMES, |value| {
            let mut hasher = SipHasher13::new_with_keys(1, 2);
            hasher.write(user(value));
            black_box(hasher.finish());
        }),
        Contender::repeat("ours: signed_up", TIMES, move |value| {
            business.signed_up(plan(value))
        }),
        Contender::repeat("ours: revenue", TIMES, move |value| {
            business.revenue(value as i64 & 0xffff, black_box("EUR"));
        }),
        Contender::repeat("ours: box_filled", TIMES, move |value| {
            business.box_filled(plan(value), 0.875)
        }),
        Contender::repeat("ours: satisfaction", TIMES, move |value| {
            business.satisfaction(plan(value), 4)
        }),
        Contender::repeat("ours: step", TIMES, move |value| {
            business.step(black_box("subscription"), plan(value));
        }),
        Contender::repeat("ours: Cache::hit", TIMES, move |_| cache.hit()),
        Contender::repeat("ours: user_seen", TIMES, move |value| {
            business.user_seen(user(value))
        }),
    ];
    let measured = measure(&Plan::new(32, TIMES), &contenders);
    let [nothing, one, two, hash, ours @ ..] = &measured[..] else {
        unreachable!("there are so many contenders");
    };
    let base = |name: &str| match name {
        "ours: step" => two,
        "ours: user_seen" => hash,
        _ => one,
    };
    let rows: Vec<table::Row> = measured
        .iter()
        .skip(1)
        .map(|m| row(m, nothing, base(m.name)))
        .collect();
    let headings = [
        "recording",
        "ns",
        "2 threads / 1",
        "/ its base",
        "allocations",
    ];
    table::print("Business", &headings, &rows);
    println!();
    for recorder in ours {
        let base = base(recorder.name);
        let most = if recorder.name == "ours: user_seen" {
            3.0
        } else {
            2.0
        };
        let what = format!("{} / {}", recorder.name, base.name);
        let ratio = recorder.over(nothing).alone / base.over(nothing).alone;
        table::target(&what, ratio, most);
    }
    let allocations = ours.iter().map(|recorder| recorder.allocations).sum();
    table::target("allocations of all of them", allocations, 0.0);
}

fn row(measured: &Measured, nothing: &Measured, base: &Measured) -> table::Row {
    let (over, base) = (measured.over(nothing), base.over(nothing));
    vec![
        measured.name.to_owned(),
        format!("{:.1}", over.alone),
        format!("{:.2}", over.two_to_one()),
        format!("{:.2}", over.alone / base.alone),
        format!("{:.2}", measured.allocations),
    ]
}
