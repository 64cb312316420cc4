use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products")]
const fn count() -> u32 {
    1
}

fn main() {
    let _ = count();
}
