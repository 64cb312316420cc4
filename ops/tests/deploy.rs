//! The folder `deploy/` holds what this crate writes for the shop.
//!
//! To update it: `UPDATE=1 cargo test --package ecolaura-monitoring-ops --test deploy`.

use std::path::Path;
use std::time::Duration;
use std::{env, fs};

use ecolaura_monitoring_ops::{Kit, Slo};

fn shop() -> Kit {
    let quick = Duration::from_millis(250);
    Kit::new("ecolaura-api")
        .team("shop")
        .objective(Slo::new("orders", "/api/v1/orders", 99.9).within(quick))
        .objective(Slo::new("products", "/api/v1/products", 99.5).within(quick))
}

#[test]
fn the_kit_of_the_shop_is_written() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    for file in shop().files().expect("a kit") {
        let path = deploy.join(&file.path);
        if env::var_os("UPDATE").is_some() {
            let folder = path.parent().expect("a folder");
            fs::create_dir_all(folder).expect("it can be made");
            fs::write(&path, &file.text).expect("it can be written");
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == file.text,
            "{} is not what is made: UPDATE=1 cargo test --package ecolaura-monitoring-ops --test deploy",
            path.display()
        );
    }
}
