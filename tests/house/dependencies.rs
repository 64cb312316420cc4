//! What the first commands of the README compile.

use std::collections::BTreeSet;
use std::process::Command;

use support::folder::repository;

/// The crates that a package is made of, with these kinds of dependencies.
fn crates(package: &str, kinds: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--prefix", "none"])
        .args(["--package", package, "--edges", kinds])
        .current_dir(repository())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).expect("text");
    let lines = lines.lines().map(|line| line.trim_end_matches(" (*)"));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_quick_start_compiles_the_library_alone() {
    let library = crates("ecolaura-monitoring", "normal,build");
    let with_examples = crates("ecolaura-monitoring", "normal,build,dev");
    let more: Vec<_> = with_examples.difference(&library).collect();
    assert!(library.len() > 50, "{library:?}");
    assert!(
        more.is_empty(),
        "examples bring {more:?}: make a package of what needs them"
    );
}

#[test]
fn the_shop_compiles_what_a_service_does_and_sqlite() {
    let shop = crates("shop", "normal,build");
    assert!(shop.len() <= 130, "{} crates: {shop:#?}", shop.len());
}
