use ecolaura_monitoring::monitor;

#[monitor("count")]
fn longest<'a>(a: &'a str, b: &str) -> &'a str {
    if a.is_empty() { b } else { a }
}

fn main() {
    let _ = longest("", "a");
}
