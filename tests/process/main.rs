//! `process_*`, `system_*` and `tokio_*`, compared with other readings of the same.

mod itself;
mod machine;
