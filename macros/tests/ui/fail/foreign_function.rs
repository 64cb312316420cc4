use ecolaura_monitoring::monitor;

unsafe extern "C" {
    #[monitor("abs")]
    safe fn abs(n: i32) -> i32;
}

fn main() {
    let _ = abs(-1);
}
