use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products")]
trait Products {
    fn count(&self) -> u32 {
        1
    }
}

impl Products for () {}

fn main() {
    let _ = ().count();
}
