//! Writing a kit into a folder, without touching what somebody has changed there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::file::File;
use crate::kit::Kit;
use crate::manifest::{MANIFEST, Manifest};

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
    /// Those that the kit no longer has, and that stay since they were changed by hand.
    pub left: Vec<String>,
}

impl Kit {
    /// Writes the files of the kit into a folder, and removes those that it no longer has.
    ///
    /// # Errors
    ///
    /// When the kit cannot be made, the folder has that of another job, a file cannot be written, or one is there that this did not write, or that was changed since: then nothing is
    /// written at all. The text says which, and what to do.
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<Written, Error> {
        let folder = folder.as_ref();
        let files = self.files()?;
        let known = Manifest::parse(&read(&folder.join(MANIFEST))?.unwrap_or_default());
        is_of(&self.job, &known, folder)?;
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
        let paths = files.iter().map(|file| file.path.as_str());
        nothing_is_left(folder, paths.chain([MANIFEST]))?;
        let changed = files
            .iter()
            .filter(|file| written.changed.contains(&file.path));
        let write = |file: &File| Aside::write(folder.join(&file.path), &file.text);
        let manifest = Aside::write(
            folder.join(MANIFEST),
            &Manifest::of(&self.job, &files).text(),
        )?;
        // All of it is written before anything is in its place.
        let aside: Vec<Aside> = changed.map(write).collect::<Result<_, _>>()?;
        aside.into_iter().try_for_each(Aside::settle)?;
        (written.removed, written.left) = remove(&known, folder, &files)?;
        manifest.settle()?;
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

/// That the folder has the kit of this job, or none.
fn is_of(job: &str, known: &Manifest, folder: &Path) -> Result<(), Error> {
    let Some(other) = known.job.as_deref().filter(|known| *known != job) else {
        return Ok(());
    };
    Err(Error::new(format!(
        "{}: not written, since it has the kit of `{other}`: give `{job}` a folder of its own. If it is the same service by a new name, write \
         that into the line `job` of {MANIFEST}",
        folder.display()
    )))
}

/// Removes what was written before and is no longer of the kit: which files, and which stay since somebody has changed them.
fn remove(
    known: &Manifest,
    folder: &Path,
    files: &[File],
) -> Result<(Vec<String>, Vec<String>), Error> {
    let (mut removed, mut left) = (Vec::new(), Vec::new());
    let is_gone = |path: &str| files.iter().all(|file| file.path != path);
    for path in known.files.keys().filter(|path| is_gone(path)) {
        let place = folder.join(path);
        match read(&place)? {
            None => {}
            Some(text) if known.has(path, &text) => {
                fs::remove_file(&place).map_err(|error| failed(&place, &error))?;
                removed.push(path.clone());
            }
            Some(_) => left.push(path.clone()),
        }
    }
    Ok((removed, left))
}

/// The text of a file, if there is one.
fn read(path: &Path) -> Result<Option<String>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, &error)),
    }
}

/// That no run before this one was cut off. All that it left is told at once.
fn nothing_is_left<'a>(folder: &Path, paths: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let left = paths.map(|path| aside(&folder.join(path)));
    let left: Vec<String> = left
        .filter(|path| path.symlink_metadata().is_ok())
        .map(|path| path.display().to_string())
        .collect();
    match left.is_empty() {
        true => Ok(()),
        false => Err(Error::new(format!(
            "not written, since a run was cut off that left these, or they are somebody else's: {}. Move them away",
            left.join(", ")
        ))),
    }
}

/// Where a file is written before it is in its place.
fn aside(place: &Path) -> PathBuf {
    let mut path = place.to_owned();
    path.as_mut_os_string().push(".ecolaura-ops");
    path
}

/// A file that is written whole beside its place, and not there yet.
struct Aside {
    path: PathBuf,
    place: PathBuf,
}

impl Aside {
    /// Writes it. What is there already is somebody else's, also where it leads elsewhere.
    fn write(place: PathBuf, text: &str) -> Result<Self, Error> {
        let path = aside(&place);
        let folder = place.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| no_folder(folder, &error))?;
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let mut file = file.map_err(|error| failed(&path, &error))?;
        let aside = Self { path, place };
        let written = file.write_all(text.as_bytes());
        written.map_err(|error| failed(&aside.path, &error))?;
        Ok(aside)
    }

    /// Puts it into its place.
    fn settle(self) -> Result<(), Error> {
        fs::rename(&self.path, &self.place).map_err(|error| failed(&self.place, &error))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // It is gone where it is in its place.
        let _ = fs::remove_file(&self.path);
    }
}

fn no_folder(path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    Error::new(format!(
        "{path}: {error}: there can be no folder, and --out names one"
    ))
}

fn failed(path: &Path, error: &io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::NotADirectory => ": --out names a folder",
        io::ErrorKind::IsADirectory => ": move it away, a file belongs there",
        _ => "",
    };
    Error::new(format!("{}: {error}{advice}", path.display()))
}
