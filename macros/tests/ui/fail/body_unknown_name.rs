use ecolaura_monitoring::monitor;

#[monitor("count")]
async fn count() -> u32 {
    products
}

fn main() {
    let _ = count();
}
