use ecolaura_monitoring::monitor;

fn main() {
    let count = #[monitor("/api/v1/products")]
    || 1;
    let _ = count();
}
