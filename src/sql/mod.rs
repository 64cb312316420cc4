//! Statements of SQL: what they do, and their text without the values in it.
#![cfg_attr(not(feature = "logs"), allow(dead_code, unused_imports))]

mod operation;
mod shown;
#[cfg(test)]
mod tests;
mod tokens;

pub(crate) use operation::{OPERATIONS, OTHER, operation};
pub(crate) use shown::{error, is_statement, without_values};
