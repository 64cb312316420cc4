//! Folders for the files of what a test starts.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of this test's own, with nothing of an earlier run in it. It stays, to be looked at.
pub(crate) fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is not there on the first run.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}
