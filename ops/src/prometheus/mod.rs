//! What Prometheus reads: recording rules.

mod active_users;
mod rule;

pub use active_users::active_users;
pub use rule::{Group, Rule, rule_file};
