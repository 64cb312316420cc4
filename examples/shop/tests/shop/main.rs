//! The shop as its customers and a probe meet it.
#![cfg(unix)]

mod rehearsal;
mod routes;
