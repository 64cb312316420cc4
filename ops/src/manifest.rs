//! What of a folder the kit has written, and how.

use std::collections::BTreeMap;

use siphasher::sip128::SipHasher24;

use crate::file::File;

/// What tells which files are the kit's, and what they were.
pub(crate) const MANIFEST: &str = "kit.manifest";

/// Of which service the kit is, and the hash of each file as it was written.
pub(crate) struct Manifest {
    /// A folder has the kit of one service: of two, one would remove the files of the other.
    pub(crate) job: Option<String>,
    pub(crate) files: BTreeMap<String, String>,
}

impl Manifest {
    pub(crate) fn of(job: &str, files: &[File]) -> Self {
        let hashed = files
            .iter()
            .map(|file| (file.path.clone(), hash(&file.text)));
        Self {
            job: Some(job.to_owned()),
            files: hashed.collect(),
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        let mut known = Self {
            job: None,
            files: BTreeMap::new(),
        };
        for (what, path) in text.lines().filter_map(|line| line.split_once(' ')) {
            match what {
                "#" => {}
                "job" => known.job = Some(path.to_owned()),
                // A path that leads out of the folder is none of ours.
                _ if path.starts_with('/') || path.split('/').any(|part| part == "..") => {}
                hash => {
                    known.files.insert(path.to_owned(), hash.to_owned());
                }
            }
        }
        known
    }

    pub(crate) fn text(&self) -> String {
        let job = self.job.iter().map(|job| format!("job {job}\n"));
        let files = self.files.iter();
        let files = files.map(|(path, hash)| format!("{hash} {path}\n"));
        format!(
            "# What ecolaura-ops has written here: it changes no file that is other than this says.\n{}",
            job.chain(files).collect::<String>()
        )
    }

    /// Whether this file was written with this text.
    pub(crate) fn has(&self, path: &str, text: &str) -> bool {
        self.files
            .get(path)
            .is_some_and(|known| *known == hash(text))
    }
}

/// Tells texts apart. Not a secret, nor safe from somebody who wants to fool it.
fn hash(text: &str) -> String {
    format!(
        "{:032x}",
        SipHasher24::new().hash(text.as_bytes()).as_u128()
    )
}
