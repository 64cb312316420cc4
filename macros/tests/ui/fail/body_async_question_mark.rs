use ecolaura_monitoring::monitor;

struct Missing;

#[monitor("/api/v1/products")]
async fn count(text: &str) -> Result<u32, Missing> {
    Ok(text.parse::<u32>()?)
}

fn main() {
    let _ = count("1");
}
