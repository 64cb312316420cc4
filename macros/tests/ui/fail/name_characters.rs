use ecolaura_monitoring::monitor;

#[monitor("get-products")]
async fn get_products() -> &'static str {
    "[]"
}

fn main() {
    let _ = get_products();
}
