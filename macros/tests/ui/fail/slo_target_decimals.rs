use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products", slo(target = 99.9999))]
async fn get_products() -> &'static str {
    "[]"
}

fn main() {
    let _ = get_products();
}
