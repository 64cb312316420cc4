use ecolaura_monitoring::monitor;

trait Products {
    #[monitor("/api/v1/products")]
    fn count(&self) -> u32;
}

impl Products for () {
    fn count(&self) -> u32 {
        1
    }
}

fn main() {
    let _ = ().count();
}
