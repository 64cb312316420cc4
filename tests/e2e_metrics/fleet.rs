//! What a Prometheus has to do for 10, 100 and 1,000 replicas: the figures in docs/operations.md.
//!
//! `cargo test --release --all-features --test e2e_fleet -- --ignored --nocapture` prints them. Every replica is one real shop that is open, scraped
//! under so many names, each every 15 seconds, with all rules of the kit as they are.

use std::time::{Duration, Instant};

use serde_json::json;

use support::eventually::eventually_within;
use support::folder::empty_folder;
use support::prometheus::{Prometheus, Server};
use support::shop::Shop;

const RULES: [&str; 3] = [
    include_str!("../../deploy/prometheus/recording.rules.yml"),
    include_str!("../../deploy/prometheus/alerts.rules.yml"),
    include_str!("../../deploy/prometheus/active-users.rules.yml"),
];

#[tokio::test]
#[ignore = "measures for ten minutes, and prints"]
async fn what_a_fleet_costs() {
    println!(
        "| replicas | series | samples a second | memory | processor, scrapes and rules | all rules, once |\n|---|---|---|---|---|---|"
    );
    for replicas in [10, 100, 1000] {
        measure(replicas).await;
    }
}

async fn measure(replicas: u32) {
    let folder = empty_folder(&format!("e2e_fleet_{replicas}"));
    let off = [("OTEL_TRACES_EXPORTER", "none")];
    let shop = Shop::busy("20", &folder.join("shop.sqlite"), &off).await;
    let target = |replica: u32| {
        json!({
            "targets": [shop.monitoring],
            "labels": { "instance": format!("shop-{replica}:9464"), "environment": "production" },
        })
    };
    let targets: Vec<_> = (0..replicas).map(target).collect();
    let groups = RULES.map(|file| file.split_once("groups:\n").expect("groups").1);
    let rules = format!("groups:\n{}", groups.concat());
    let interval = json!({ "scrape_interval": "15s", "scrape_timeout": "10s" });
    let mut job = json!({ "static_configs": targets });
    job.as_object_mut()
        .expect("an object")
        .extend(interval.as_object().cloned().into_iter().flatten());
    let more = json!({ "global": { "scrape_interval": "15s", "evaluation_interval": "15s" } });
    let prometheus =
        Prometheus::start_with(Server::THREE, &folder, "ecolaura-api", job, &rules, more).await;
    let up = format!("count(up{{job=\"ecolaura-api\"}} == 1) >= {replicas}");
    eventually_within(Duration::from_secs(120), "all replicas", async || {
        prometheus.value(&up).await.map(drop)
    })
    .await;
    // Rules of the longest interval but one have run, and ranges of five minutes are half full.
    let (before, begun) = (Own::of(&prometheus).await, Instant::now());
    tokio::time::sleep(Duration::from_secs(150)).await;
    let (after, seconds) = (Own::of(&prometheus).await, begun.elapsed().as_secs_f64());
    println!(
        "| {replicas} | {:.0} | {:.0} | {:.0} MB | {:.1} % of one | {:.2} s |",
        after.sum("prometheus_tsdb_head_series"),
        (after.sum(APPENDED) - before.sum(APPENDED)) / seconds,
        after.sum("process_resident_memory_bytes") / 1e6,
        (after.sum(CPU) - before.sum(CPU)) / seconds * 100.0,
        after.sum("prometheus_rule_group_last_duration_seconds"),
    );
    let slowest = after.largest("prometheus_rule_group_last_duration_seconds");
    println!("slowest: {slowest}");
    if replicas == 10 {
        let scrape = shop.metrics().await;
        let series = scrape.lines().filter(|line| !line.starts_with('#')).count();
        println!("a scrape: {series} series, {} bytes of text", scrape.len());
    }
}

const APPENDED: &str = "prometheus_tsdb_head_samples_appended_total";
const CPU: &str = "process_cpu_seconds_total";

/// What a Prometheus says of itself.
struct Own(String);

impl Own {
    async fn of(prometheus: &Prometheus) -> Self {
        Self(prometheus.metrics().await.expect("it answers"))
    }

    /// The line of the series of this name with the largest value.
    fn largest(&self, name: &str) -> &str {
        let lines = self.0.lines().filter(|line| line.starts_with(name));
        let value = |line: &&str| line.rsplit(' ').next()?.parse::<f64>().ok();
        let ordered = |one: &&str, other: &&str| {
            value(one)
                .unwrap_or(0.0)
                .total_cmp(&value(other).unwrap_or(0.0))
        };
        lines.max_by(ordered).unwrap_or("none")
    }

    /// The sum of all series of this name.
    fn sum(&self, name: &str) -> f64 {
        let lines = self.0.lines().filter_map(|line| line.strip_prefix(name));
        let lines = lines.filter(|rest| rest.starts_with([' ', '{']));
        let values = lines.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok());
        values.filter(|value| value.is_finite()).sum()
    }
}
