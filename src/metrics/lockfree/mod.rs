//! Lists and indexes that only grow: read without a lock, written under one. `loom/` tries them in every order.

pub(super) mod bounded;
pub(super) mod index;
pub(super) mod list;
pub(super) mod sync;
