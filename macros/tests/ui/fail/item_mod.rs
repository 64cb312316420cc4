use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products")]
mod products {
    pub fn count() -> u32 {
        1
    }
}

fn main() {
    let _ = products::count();
}
