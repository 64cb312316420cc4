//! Queries of databases: those that a service says are one, and those that log lines tell of.
//!
//! Each is timed in `db_query_duration_seconds`, has a span in the trace of its request, and a line in the log if it failed, took long, or the
//! filter has `database=debug`. What is told of its statement is without the values in it.
//!
//! - **Said**: [`Monitoring::query`](crate::Monitoring::query) runs a future as a query; only so it is known whether it failed.
//! - **Told of**: events of `tracing` with the fields `db.query.text` (or `db.statement`) and `elapsed_secs`, as sqlx has them for each statement.
//!   Their outcome is `unknown`. Those that come while a query runs that was said are part of it: they tell its statement and its rows.

mod queries;
mod query;

pub use query::Query;

pub(crate) use queries::Queries;
