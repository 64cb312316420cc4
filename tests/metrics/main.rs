//! Metrics: what a service and other crates record, bounded, and what a scraper reads of it.

mod build_info;
mod business;
mod contention;
mod facade;
mod formats;
mod own_metrics;
mod prometheus_crate;
mod resources;
mod scrapes;
