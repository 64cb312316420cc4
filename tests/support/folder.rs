//! Folders for the files of what a test starts.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// A folder of this test's own, with nothing of an earlier run in it. It stays, to be looked at.
pub fn empty_folder(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let target = test
        .ancestors()
        .nth(3)
        .expect("it is in <target>/<profile>/deps");
    let folder = target.join("tmp").join(name);
    // It is not there on the first run.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}

/// The folder of this repository.
pub fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
