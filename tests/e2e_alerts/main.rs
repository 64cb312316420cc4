//! Alerts of the kit in `deploy/`, by real Prometheus, Alertmanager and Blackbox Exporter.

mod alerts;
mod probes;
mod routes;
mod rules;
mod watchers;
