//! The crate under another name.

#![deny(warnings)]

mod vendored {
    pub use ecolaura_monitoring as monitoring;
}

use vendored::monitoring::monitor;

#[monitor("/products", crate = vendored::monitoring)]
async fn get_products() -> &'static str {
    "[]"
}

#[monitor("products", crate = crate::vendored::monitoring, method = "GET", slo(latency = "0.5s", target = 99.95))]
fn count_products() -> u32 {
    1
}

fn main() {
    drop(get_products());
    assert_eq!(count_products(), 1);
}
