//! What `process_*`, `system_*` and `tokio_*` add to a scrape. `cargo bench -p benches --bench system`.

mod support;

use std::hint::black_box;

use axum::Router;
use axum::body::Body;
use cpu_time::ProcessTime;
use ecolaura_monitoring::metrics::{Metric, Registry};
use ecolaura_monitoring::{Monitoring, catalog};
use http::Request;
use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use support::{Contender, Plan, measure, table};

const TIMES: usize = 16;
const ROUNDS: usize = 200;

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let _within = runtime.enter();
    for own in [0, 100, 1000] {
        let contenders = [
            Contender::repeat("a scrape of nothing else", TIMES, scrape(false, own)),
            Contender::repeat("with all of the system", TIMES, scrape(true, own)),
        ];
        let measured = measure(&Plan::new(1, TIMES), &contenders);
        let (without, with) = (&measured[0], &measured[1]);
        let microseconds = with.over(without).alone / 1000.0;
        let what =
            format!("all of the system beside {own} families of the service's own: microseconds");
        table::target(&what, microseconds, 100.0);
    }
    shares(&runtime);
}

fn monitoring(system: bool) -> Monitoring {
    let builder = Monitoring::builder("bench").metrics(|metrics| match system {
        true => metrics.with_system_metrics(),
        false => metrics.without_system_metrics(),
    });
    builder.build().expect("the environment is empty")
}

fn scrape(system: bool, own: usize) -> impl Fn(u64) + Clone + Sync + 'static {
    let metrics: Registry = monitoring(system).metrics();
    for at in 0..own {
        let name: &'static str = format!("own_{at}").leak();
        let own = Metric::gauge(name, "One of many.");
        metrics.gauge(own).expect("a name that is free").set(1.0);
    }
    move |_| {
        black_box(metrics.render());
    }
}

/// Scrapes some families by name, and shows what they take of the processor more than a scrape of one that is not read.
fn shares(runtime: &Runtime) {
    let app: Router = monitoring(true).routes();
    let parts = ["target_info", "process_", "system_", "tokio_"];
    let mut best = parts.map(|_| f64::INFINITY);
    for _ in 0..ROUNDS {
        for (part, best) in parts.iter().zip(&mut best) {
            *best = best.min(runtime.block_on(microseconds(&app, part)));
        }
    }
    for (part, best_of_part) in parts.iter().zip(best).skip(1) {
        println!("{part}* in it: {:.1} microseconds", best_of_part - best[0]);
    }
}

/// The processor time of the whole process for a scrape of the families whose names begin so.
async fn microseconds(app: &Router, part: &str) -> f64 {
    let is_wanted = |metric: &&Metric| metric.name().starts_with(part);
    let wanted = catalog::ALL.iter().filter(is_wanted);
    let names: Vec<String> = wanted.map(|of| format!("name[]={}", of.name())).collect();
    let target = format!("/metrics?{}", names.join("&"));
    let before = ProcessTime::now();
    for _ in 0..TIMES {
        let request = Request::get(&target)
            .body(Body::empty())
            .expect("a request");
        let answer = app.clone().oneshot(request).await;
        let body = answer.expect("an answer").into_body().collect().await;
        black_box(body.expect("a body"));
    }
    before.elapsed().as_secs_f64() * 1e6 / TIMES as f64
}
