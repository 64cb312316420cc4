//! Programs that `scripts/setup` fetched.

use std::env;
use std::path::PathBuf;

/// A program that `scripts/setup` fetched, or the one that `ECOLAURA_<NAME>` names.
pub fn component(name: &str) -> PathBuf {
    let variable = format!("ECOLAURA_{}", name.to_uppercase().replace('-', "_"));
    let program = match env::var_os(&variable) {
        Some(program) => PathBuf::from(program),
        None => cache().join("bin").join(name),
    };
    assert!(
        program.is_file(),
        "{} is not there: run scripts/setup, or set {variable} to a {name} of your own",
        program.display(),
    );
    program
}

/// Where `scripts/setup` puts what it fetches.
fn cache() -> PathBuf {
    let folder = |variable| env::var_os(variable).map(PathBuf::from);
    folder("ECOLAURA_CACHE").unwrap_or_else(|| {
        folder("XDG_CACHE_HOME")
            .or_else(|| Some(folder("HOME")?.join(".cache")))
            .unwrap_or_default()
            .join("ecolaura-monitoring")
    })
}
