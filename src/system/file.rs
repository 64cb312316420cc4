//! Files of the kernel that are kept open and read again, and what they say at one time.

use std::cell::OnceCell;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// More than what the kernel says of five thousand devices.
const MOST: u64 = 1 << 20;

/// A file that is kept open: reading it again takes a third of the time of opening it, and works where no descriptor is left.
pub(crate) struct Kept {
    path: PathBuf,
    most: u64,
    file: Mutex<Option<File>>,
}

impl Kept {
    pub(crate) fn open(path: impl Into<PathBuf>) -> Self {
        Self::open_start(path, MOST)
    }

    /// Of which no more than so many bytes are wanted.
    pub(crate) fn open_start(path: impl Into<PathBuf>, most: u64) -> Self {
        let path = path.into();
        let file = Mutex::new(File::open(&path).ok());
        Self { path, most, file }
    }

    /// Its whole lines now. What cannot be read is empty, and says nothing; it is opened again the next time, since what has gone may come
    /// back under its name.
    pub(crate) fn read(&self) -> String {
        // Not without the lock: who reads a file of the kernel in pieces must be alone, or a piece can begin within a number.
        let mut kept = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match kept.take() {
            Some(file) => Ok(file),
            None => File::open(&self.path),
        };
        let Ok((file, text)) = opened.and_then(|file| read_again(file, self.most)) else {
            return String::new();
        };
        *kept = Some(file);
        text
    }
}

/// A file's text; empty if it cannot be read.
pub(crate) fn read(path: &Path) -> String {
    let read = File::open(path).and_then(|file| read_again(file, MOST));
    read.map_or_else(|_| String::new(), |(_, text)| text)
}

/// The text of a file that is open: of those of the kernel, what it is now. Names in it can be any bytes.
fn read_again(mut file: File, most: u64) -> io::Result<(File, String)> {
    file.rewind()?;
    let mut bytes = Vec::with_capacity(4096);
    // `take` also spares two calls that ask how long the file is, which is not known of these.
    let read = file.by_ref().take(most).read_to_end(&mut bytes)?;
    if read as u64 == most {
        // Cut off: the last number might be part of one.
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        bytes.truncate(end.map_or(0, |end| end + 1));
    }
    let text = String::from_utf8(bytes);
    let text = text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok((file, text))
}

/// What files say at one time, each read when something of it is wanted first.
pub(crate) struct Texts<const N: usize>([OnceCell<String>; N]);

impl<const N: usize> Texts<N> {
    pub(crate) fn new() -> Self {
        Self([const { OnceCell::new() }; N])
    }

    /// What one of these files says.
    pub(crate) fn of(&self, files: &[Kept; N], which: usize) -> &str {
        match (self.0.get(which), files.get(which)) {
            (Some(text), Some(file)) => text.get_or_init(|| file.read()),
            _ => "",
        }
    }

    /// As if these had been read.
    #[cfg(test)]
    pub(crate) fn saying(texts: [&str; N]) -> Self {
        Self(texts.map(|text| OnceCell::from(text.to_owned())))
    }

    /// Which of them were read.
    #[cfg(test)]
    pub(crate) fn which_were_read(&self) -> Vec<usize> {
        let read = |at: &usize| self.0[*at].get().is_some();
        (0..N).filter(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::system::fixture::Folder;

    #[test]
    fn what_it_says_now() {
        let folder = Folder::new("now");
        let path = folder.path().join("file");
        let kept = Kept::open(&path);
        assert_eq!(kept.read(), "", "it is not there");
        fs::write(&path, "one\n").unwrap();
        assert_eq!(kept.read(), "one\n");
        fs::write(&path, "three\n").unwrap();
        assert_eq!(kept.read(), "three\n");
        fs::write(&path, b"\xff\n").unwrap();
        assert_eq!(kept.read(), "\u{fffd}\n");
    }

    #[test]
    fn a_number_is_never_cut() {
        let folder = Folder::new("cut");
        let path = folder.path().join("file");
        fs::write(&path, "first 12\nsecond 3456\n").unwrap();
        let check = |most, expected| assert_eq!(Kept::open_start(&path, most).read(), expected);
        check(100, "first 12\nsecond 3456\n");
        check(18, "first 12\n");
        check(9, "first 12\n");
        check(8, "");
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        assert_eq!(read(Path::new("/proc/self/no such file")), "");
        assert_eq!(Kept::open(std::env::temp_dir()).read(), "", "a folder");
    }
}
