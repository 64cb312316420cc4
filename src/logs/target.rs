//! What lines are written to, which may be full for a while.

use std::io::{self, ErrorKind, Write};
use std::thread;
use std::time::Duration;

/// How long to wait where what is written to is full.
const FULL: Duration = Duration::from_millis(5);

/// What is written to.
pub(crate) struct Target {
    pub(crate) to: Box<dyn Write + Send>,
    /// How long lines wait for others to be written with.
    pub(crate) patience: Duration,
}

impl Target {
    /// One that takes lines as they come.
    pub(crate) fn at_once(to: impl Write + Send + 'static) -> Self {
        Self {
            to: Box::new(to),
            patience: Duration::ZERO,
        }
    }
}

/// Writes all of it, also to what is full for a while and says so; says when some of it is written.
pub(super) fn write_all(
    target: &mut dyn Write,
    mut bytes: &[u8],
    has_begun: &mut bool,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match target.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => {
                *has_begun = true;
                bytes = bytes.get(written..).unwrap_or_default();
            }
            Err(error) => wait(error)?,
        }
    }
    Ok(())
}

pub(super) fn flush(target: &mut dyn Write) -> io::Result<()> {
    loop {
        match target.flush() {
            Ok(()) => return Ok(()),
            Err(error) => wait(error)?,
        }
    }
}

fn wait(error: io::Error) -> io::Result<()> {
    match error.kind() {
        ErrorKind::Interrupted => {}
        ErrorKind::WouldBlock => thread::sleep(FULL),
        _ => return Err(error),
    }
    Ok(())
}
