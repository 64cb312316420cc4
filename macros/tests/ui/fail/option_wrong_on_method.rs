use ecolaura_monitoring::monitor;

struct Products;

impl Products {
    #[monitor("/api/v1/products", methods = "GET")]
    async fn count(&self) -> u32 {
        1
    }
}

fn main() {
    let _ = Products.count();
}
