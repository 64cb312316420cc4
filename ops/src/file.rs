//! A file of the kit.

/// A file of the kit: where it belongs in the folder, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the folder, with slashes.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl File {
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }

    /// A file of JSON.
    pub(crate) fn json(path: impl Into<String>, value: &serde_json::Value) -> Self {
        // A line for each value, so that a change shows where it is.
        Self::new(path, format!("{value:#}\n"))
    }
}
