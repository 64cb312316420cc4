use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products")]
enum Products {
    None,
}

fn main() {
    let _ = Products::None;
}
