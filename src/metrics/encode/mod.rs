//! Rendering: pure functions from what is collected to bytes.

pub(crate) mod text;
