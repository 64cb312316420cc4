use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products")]
const PRODUCTS: u32 = 1;

fn main() {
    let _ = PRODUCTS;
}
