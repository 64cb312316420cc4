//! What of a folder the kit has written, and how.

use std::collections::BTreeMap;

use siphasher::sip128::SipHasher24;

use crate::file::File;

/// What tells which files are the kit's, and what they were.
pub(crate) const MANIFEST: &str = "kit.manifest";

/// The hash of each file as it was written.
pub(crate) struct Manifest(pub(crate) BTreeMap<String, String>);

impl Manifest {
    pub(crate) fn of(files: &[File]) -> Self {
        Self(
            files
                .iter()
                .map(|file| (file.path.clone(), hash(&file.text)))
                .collect(),
        )
    }

    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        // A path that leads out of the folder is none of ours.
        let lines = lines.filter(|(_, path)| {
            !path.starts_with('/') && !path.split('/').any(|part| part == "..")
        });
        Self(
            lines
                .map(|(hash, path)| (path.to_owned(), hash.to_owned()))
                .collect(),
        )
    }

    pub(crate) fn text(&self) -> String {
        let lines = self.0.iter().map(|(path, hash)| format!("{hash} {path}\n"));
        format!(
            "# What ecolaura-ops has written here: it changes no file that is other than this says.\n{}",
            lines.collect::<String>()
        )
    }

    /// Whether this file was written with this text.
    pub(crate) fn has(&self, path: &str, text: &str) -> bool {
        self.0.get(path).is_some_and(|known| *known == hash(text))
    }
}

/// Tells texts apart. Not a secret, nor safe from somebody who wants to fool it.
fn hash(text: &str) -> String {
    format!(
        "{:032x}",
        SipHasher24::new().hash(text.as_bytes()).as_u128()
    )
}
