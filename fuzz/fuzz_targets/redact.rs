//! `cargo +nightly fuzz run redact`: what is told of any text, and of one in which a secret is planted.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| ecolaura_monitoring::__fuzz::redact(data));
