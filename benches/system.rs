//! What `process_*` add to a scrape. `cargo bench --bench system`.

mod support;

use std::hint::black_box;

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::metrics::Registry;

use support::{Contender, Plan, measure, table};

const TIMES: usize = 16;

fn main() {
    let contenders = [
        Contender::repeat("a scrape of nothing else", TIMES, scrape(false)),
        Contender::repeat("with process_*", TIMES, scrape(true)),
    ];
    let measured = measure(&Plan::new(1, TIMES), &contenders);
    let (without, with) = (&measured[0], &measured[1]);
    let microseconds = with.over(without).alone / 1000.0;
    table::target("process_* in a scrape: microseconds", microseconds, 100.0);
}

fn scrape(process: bool) -> impl Fn(u64) + Clone + Sync + 'static {
    let builder = Monitoring::builder("bench").system_metrics(process);
    let metrics: Registry = builder.build().expect("the environment is empty").metrics();
    move |_| {
        black_box(metrics.render());
    }
}
