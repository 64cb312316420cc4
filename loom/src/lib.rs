//! The library's own files, built with loom's atomics in place of the standard library's, and what must hold of them.
#![allow(dead_code)]

mod metrics;
pub mod models;
#[path = "../../src/trace_context.rs"]
mod trace_context;
