use ecolaura_monitoring::monitor;

#[monitor("count")]
async fn count() {
    1
}

fn main() {
    let _ = count();
}
