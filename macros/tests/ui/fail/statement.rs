use ecolaura_monitoring::monitor;

fn main() {
    #[monitor("/api/v1/products")]
    let count = || 1;
    let _ = count();
}
