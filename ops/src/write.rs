//! Writing a kit into a folder, without touching what somebody has changed there.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use siphasher::sip128::SipHasher24;

use crate::error::Error;
use crate::file::File;
use crate::kit::Kit;

/// What tells which files are the kit's, and what they were.
const MANIFEST: &str = "kit.manifest";

/// What became of the files of a kit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Those that are new or other than before.
    pub changed: Vec<String>,
    /// Those that are as they were.
    pub unchanged: Vec<String>,
    /// Those that the kit no longer has.
    pub removed: Vec<String>,
}

impl Kit {
    /// Writes the files of the kit into a folder, and removes those that it no longer has.
    ///
    /// # Errors
    ///
    /// When the kit cannot be made, a file cannot be written, or one is there that this did not write, or that was changed since: then nothing is
    /// written at all. The text says which, and what to do.
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<Written, Error> {
        let folder = folder.as_ref();
        let files = self.files()?;
        let known = Manifest::read(folder)?;
        let mut written = Written::default();
        let mut changed_by_hand = Vec::new();
        for file in &files {
            match state(&known, folder, file)? {
                State::Same => written.unchanged.push(file.path.clone()),
                State::Ours => written.changed.push(file.path.clone()),
                State::ChangedByHand => changed_by_hand.push(file.path.as_str()),
            }
        }
        if !changed_by_hand.is_empty() {
            return Err(Error::new(format!(
                "{}: not written, since these were changed by hand or are not of this kit: {}. Move them away, or delete them, and write again; \
                 what you changed belongs into the kit's options, or beside it",
                folder.display(),
                changed_by_hand.join(", ")
            )));
        }
        for file in &files {
            if written.changed.contains(&file.path) {
                put(&folder.join(&file.path), &file.text)?;
            }
        }
        written.removed = remove(&known, folder, &files)?;
        put(&folder.join(MANIFEST), &Manifest::of(&files).text())?;
        Ok(written)
    }
}

/// What there is in the place of a file.
enum State {
    Same,
    /// Nothing, or what was written before.
    Ours,
    ChangedByHand,
}

fn state(known: &Manifest, folder: &Path, file: &File) -> Result<State, Error> {
    Ok(match read(&folder.join(&file.path))? {
        None => State::Ours,
        Some(text) if text == file.text => State::Same,
        Some(text) if known.has(&file.path, &text) => State::Ours,
        Some(_) => State::ChangedByHand,
    })
}

/// Removes what was written before and is no longer of the kit, unless somebody has changed it.
fn remove(known: &Manifest, folder: &Path, files: &[File]) -> Result<Vec<String>, Error> {
    let mut removed = Vec::new();
    for path in known.0.keys() {
        let is_gone = files.iter().all(|file| file.path != *path);
        let place = folder.join(path);
        if is_gone && read(&place)?.is_some_and(|text| known.has(path, &text)) {
            fs::remove_file(&place).map_err(|error| failed(&place, &error))?;
            removed.push(path.clone());
        }
    }
    Ok(removed)
}

/// The hash of each file as it was written.
struct Manifest(BTreeMap<String, String>);

impl Manifest {
    fn of(files: &[File]) -> Self {
        Self(
            files
                .iter()
                .map(|file| (file.path.clone(), hash(&file.text)))
                .collect(),
        )
    }

    fn read(folder: &Path) -> Result<Self, Error> {
        let text = read(&folder.join(MANIFEST))?.unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        // A path that leads out of the folder is none of ours.
        let lines = lines.filter(|(_, path)| {
            !path.starts_with('/') && !path.split('/').any(|part| part == "..")
        });
        Ok(Self(
            lines
                .map(|(hash, path)| (path.to_owned(), hash.to_owned()))
                .collect(),
        ))
    }

    fn text(&self) -> String {
        let lines = self.0.iter().map(|(path, hash)| format!("{hash} {path}\n"));
        format!(
            "# What ecolaura-ops has written here: it changes no file that is other than this says.\n{}",
            lines.collect::<String>()
        )
    }

    /// Whether this file was written with this text.
    fn has(&self, path: &str, text: &str) -> bool {
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

/// The text of a file, if there is one.
fn read(path: &Path) -> Result<Option<String>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Writes a file whole, or not at all.
fn put(path: &Path, text: &str) -> Result<(), Error> {
    let mut aside: PathBuf = path.to_owned();
    aside.as_mut_os_string().push(".new");
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&aside, text))
        .and_then(|()| fs::rename(&aside, path))
        .map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::new(format!("{}: {error}", path.display()))
}
