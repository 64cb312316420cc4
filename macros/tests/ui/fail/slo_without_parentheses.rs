use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products", slo = "200ms")]
async fn get_products() -> &'static str {
    "[]"
}

fn main() {
    let _ = get_products();
}
