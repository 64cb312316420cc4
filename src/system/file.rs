//! Files of the kernel that are kept open and read again, and what they say at one time.

use std::cell::OnceCell;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// More than what the kernel says of five thousand devices.
const MOST: usize = 1 << 20;

/// What the kernel writes at a time: the whole of most files, else as many whole lines as find room.
const PIECE: usize = 4096;

/// Longer than any line of those that are written line by line. A piece that has room for another one was the last, so that nobody has to ask
/// whether there is more.
const LINE: usize = 512;

/// A file that is kept open: reading it again takes a third of the time of opening it, and works where no descriptor is left.
pub(crate) struct Kept {
    path: PathBuf,
    most: usize,
    file: Mutex<Option<File>>,
}

impl Kept {
    pub(crate) fn open(path: impl Into<PathBuf>) -> Self {
        Self::open_start(path, MOST)
    }

    /// Of which no more than so many bytes are wanted.
    pub(crate) fn open_start(path: impl Into<PathBuf>, most: usize) -> Self {
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
        let Ok(file) = opened else {
            return String::new();
        };
        let Ok(text) = read_again(&file, self.most) else {
            return String::new();
        };
        *kept = Some(file);
        text
    }
}

/// A file's text, however long its lines are; empty if it cannot be read.
pub(crate) fn read(path: &Path) -> String {
    text(fs::read(path).unwrap_or_default())
}

/// Names in it can be any bytes.
fn text(bytes: Vec<u8>) -> String {
    let text = String::from_utf8(bytes);
    text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The text of a file that is open: of those of the kernel, what it is now.
fn read_again(file: &File, most: usize) -> io::Result<String> {
    let mut bytes = Vec::with_capacity(PIECE);
    loop {
        let mut piece = [0; PIECE];
        let read = read_at(file, &mut piece, bytes.len() as u64)?;
        bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
        if bytes.len() >= most {
            // Cut off: the last number might be part of one.
            bytes.truncate(most);
            let end = bytes.iter().rposition(|byte| *byte == b'\n');
            bytes.truncate(end.map_or(0, |end| end + 1));
            break;
        }
        if read < PIECE - LINE {
            break;
        }
    }
    Ok(text(bytes))
}

/// One call of the system, where winding back and then reading would be two.
#[cfg(unix)]
fn read_at(file: &File, piece: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, piece, at)
}

/// Nothing is read on other systems.
#[cfg(not(unix))]
fn read_at(_file: &File, _piece: &mut [u8], _at: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
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
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    use crate::system::fixture::{Folder, until};

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
    fn what_is_longer_than_a_piece_is_read_whole() {
        let folder = Folder::new("long");
        let path = folder.path().join("file");
        for lines in [90, 100, 101, 102, 103, 409, 410, 5_000] {
            let text = "a line of 39 characters and its break \n".repeat(lines);
            fs::write(&path, &text).unwrap();
            assert_eq!(Kept::open(&path).read(), text);
        }
    }

    /// This one is longer than a piece, and written line by line.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_long_file_of_the_kernel_is_read_whole() {
        let path = Path::new("/proc/self/maps");
        let threads: Vec<_> = (0..60).map(|_| waiting()).collect();
        let text = || read(path);
        assert!(text().len() > 2 * PIECE, "each has its stack");
        // Other tests map memory meanwhile.
        until("the same", || Kept::open(path).read() == text());
        drop(threads);
    }

    /// A thread that waits until this is gone.
    fn waiting() -> mpsc::Sender<()> {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || receiver.recv());
        sender
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        assert_eq!(read(Path::new("/proc/self/no such file")), "");
        assert_eq!(Kept::open(std::env::temp_dir()).read(), "", "a folder");
    }
}
