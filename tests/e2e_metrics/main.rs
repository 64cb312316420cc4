//! Metrics in a real Prometheus: the shop, its dashboards, its business, and a fleet.

mod active_users;
mod business;
mod dashboards;
mod exposition;
mod fleet;
mod operator;
mod scrape;
