use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products")]
type Products = fn() -> u32;

fn main() {
    let _ = None::<Products>;
}
