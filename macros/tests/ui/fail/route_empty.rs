use ecolaura_monitoring::monitor;

#[monitor("")]
async fn get_products() -> &'static str {
    "[]"
}

fn main() {
    let _ = get_products();
}
