use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products")]
struct Products {
    count: u32,
}

fn main() {
    let _ = Products { count: 1 }.count;
}
