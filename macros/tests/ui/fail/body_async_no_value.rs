use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products")]
async fn count() -> u32 {
    let _ = 1;
}

fn main() {
    let _ = count();
}
