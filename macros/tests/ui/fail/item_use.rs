use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products")]
use std::time::Duration;

fn main() {
    let _ = Duration::ZERO;
}
