//! A file of the kit.

/// A file of the kit: where it belongs in the folder, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the folder, with slashes.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What is said at the head of what is made.
pub(crate) const MADE: &str =
    "Made by the crate ecolaura-monitoring-ops: change it there, and write it again.";

/// The head of a file whose comments begin with `#`: what it is for, and where it comes from.
pub(crate) fn head(about: &str) -> String {
    format!("# {about}\n# {MADE}\n")
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
