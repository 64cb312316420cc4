use std::rc::Rc;

use ecolaura_monitoring::monitor;

#[monitor("count")]
async fn count() -> u32 {
    let count = Rc::new(1);
    std::future::ready(()).await;
    *count
}

fn send(_: impl Send) {}

fn main() {
    send(count());
}
