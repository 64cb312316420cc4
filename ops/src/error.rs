//! Why a kit cannot be made: opaque, with a text that says what to do.

use std::fmt;

/// Why a kit cannot be made or written; its text says what to do.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
