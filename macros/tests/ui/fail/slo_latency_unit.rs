use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products", slo(latency = "200", target = 99.9))]
async fn get_products() -> &'static str {
    "[]"
}

fn main() {
    let _ = get_products();
}
