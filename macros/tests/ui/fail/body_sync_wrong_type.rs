use ecolaura_monitoring::monitor;

#[monitor("count")]
fn count() -> u32 {
    "one"
}

fn main() {
    let _ = count();
}
