//! What the compiler says about right and wrong uses of `#[monitor]` and the derives: each file in `ui/fail` makes one mistake and
//! gets one message, each file in `ui/pass` compiles without a warning and runs.
//!
//! The messages are those of one compiler, so that they are compared with that one only. To write them anew:
//! `TRYBUILD=overwrite cargo test --package ecolaura-monitoring-macros --test ui`.

use std::process::Command;

/// The compiler whose messages lie in `ui/fail`.
const PINNED: &str = "rustc 1.95.";

#[test]
fn right_uses_compile_and_wrong_ones_get_one_clear_message() {
    // One set of cases, so that the dependencies are built once.
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.expect("rustc runs").stdout;
    let version = String::from_utf8_lossy(&version);
    if version.starts_with(PINNED) {
        cases.compile_fail("tests/ui/fail/*.rs");
    } else {
        eprintln!("ui/fail is left out: its messages are those of {PINNED}x, this is {version}");
    }
}
