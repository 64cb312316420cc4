//! The compiler still warns about arguments and `mut` that the function does not need.

#![deny(unused_variables, unused_mut)]

use ecolaura_monitoring::monitor;

#[monitor("sync")]
fn sync(used: u8, unused: String) -> u8 {
    used
}

#[monitor("later")]
async fn later((a, b): (u8, u8), _kept: u8, mut c: u8) -> u8 {
    a + c
}

fn main() {
    sync(1, String::new());
    drop(later((1, 2), 3, 4));
}
