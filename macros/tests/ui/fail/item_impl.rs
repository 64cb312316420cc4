use ecolaura_monitoring::monitor;

struct Products;

#[monitor("/api/v1/products")]
impl Products {
    fn count(&self) -> u32 {
        1
    }
}

fn main() {
    let _ = Products.count();
}
