//! What must not leave the process, whoever writes it into a field or a text.
//!
//! [`is_secret`] judges by a name; [`pieces`], [`text`] and [`start`] find by its looks what is secret in a text of any kind. Both
//! rather hide too much than too little. Nothing here allocates but what returns an owned text, and all of it takes time in
//! proportion to what it reads.
#![cfg_attr(
    not(all(feature = "logs", feature = "traces")),
    allow(dead_code, unused_imports)
)]

mod address;
mod card;
mod key;
mod names;
mod pair;
mod patterns;
#[cfg(any(test, all(fuzzing, feature = "server")))]
pub(crate) mod promises;
mod quote;
mod scheme;
mod value;
mod view;

pub(crate) use card::is_card_number;
pub(crate) use names::{is_secret, without_query};
pub(crate) use patterns::{BEYOND, one_line, start};
#[allow(unused_imports, reason = "for logs")]
pub(crate) use patterns::{pieces, text};

/// What stands in place of it.
pub(crate) const REDACTED: &str = "[redacted]";
