use ecolaura_monitoring::monitor;

struct Missing;

#[monitor("count")]
fn count(text: &str) -> Result<u32, Missing> {
    Ok(text.parse::<u32>()?)
}

fn main() {
    let _ = count("1");
}
