use ecolaura_monitoring::monitor;

#[monitor("https://shop.test/api/v1/products")]
async fn get_products() -> &'static str {
    "[]"
}

fn main() {
    let _ = get_products();
}
