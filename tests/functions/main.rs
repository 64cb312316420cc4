//! `#[monitor]` on functions of every form: they do what they did, and each call is counted once.

mod corpus;
mod endings;
mod forms;
mod futures;
