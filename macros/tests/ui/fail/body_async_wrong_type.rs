use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products")]
async fn count() -> u32 {
    "one"
}

fn main() {
    let _ = count();
}
