//! The folder `deploy/` holds what this crate writes.
//!
//! To update it: `UPDATE=1 cargo test --package ecolaura-monitoring-ops --test deploy`.

use std::path::Path;
use std::{env, fs};

use ecolaura_monitoring_ops::prometheus;

#[track_caller]
fn is_written(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(file);
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, text).expect("it can be written");
    }
    let written = fs::read_to_string(&path).expect("it is there");
    assert_eq!(
        written, text,
        "update it: UPDATE=1 cargo test --package ecolaura-monitoring-ops --test deploy"
    );
}

#[test]
fn rules_of_active_users() {
    is_written(
        "prometheus/active-users.rules.yml",
        &prometheus::active_users(),
    );
}
