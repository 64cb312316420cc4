//! A kit with all that starts programs, and the check of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use ecolaura_monitoring_ops::{File, Journey, Kit, Step};

use support::component::component;

/// All that is for Kubernetes.
pub(crate) const MANIFESTS: [&str; 4] = [
    "kubernetes/service.yml",
    "kubernetes/monitoring.yml",
    "kubernetes/rules.yml",
    "kubernetes/blackbox.yml",
];

pub(crate) fn kit() -> Kit {
    Kit::new("ecolaura-api")
        .team("shop")
        .probe("https://shop.example")
        .journey(
            Journey::new("buy", "https://shop.example")
                .step(Step::get("browse", "/").token_file("/run/secrets/blackbox/token")),
        )
}

fn files() -> Vec<File> {
    kit().files().expect("a kit")
}

pub(crate) fn text(path: &str) -> String {
    let files = files();
    let found = files.iter().find(|file| file.path == path);
    found.unwrap_or_else(|| panic!("no {path}")).text.clone()
}

pub(crate) fn written(name: &str) -> PathBuf {
    written_of(&kit(), name)
}

/// A kit, written into a folder of a test's own.
pub(crate) fn written_of(kit: &Kit, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is not there on the first run.
    let _ = fs::remove_dir_all(&folder);
    kit.write(&folder).expect("a kit");
    folder
}

/// What the check says of these files of a folder, and whether it takes them.
pub(crate) fn check(folder: &Path, files: &[&str]) -> (bool, String) {
    let mut command = Command::new(component("check-stack"));
    let command = command.args(files).current_dir(folder);
    let output = command.env("SERVICE_IMAGE", "shop:1").output();
    let output = output.expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// The ends of the lines that begin so.
pub(crate) fn lines<'a>(said: &'a str, begin: &str) -> BTreeSet<&'a str> {
    said.lines()
        .filter_map(|line| line.strip_prefix(begin))
        .collect()
}
