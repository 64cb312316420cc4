use ecolaura_monitoring::monitor;

#[monitor("count")]
fn count() -> u32 {
    let _ = 1;
}

fn main() {
    let _ = count();
}
