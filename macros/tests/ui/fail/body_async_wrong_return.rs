use ecolaura_monitoring::monitor;

#[monitor("/api/v1/products")]
async fn count(all: bool) -> u32 {
    if all {
        return "all";
    }
    1
}

fn main() {
    let _ = count(true);
}
