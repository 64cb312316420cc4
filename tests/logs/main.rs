//! Log lines: of events, requests, queries and authentication, where they are written, and what is redacted.

mod access_log;
mod authentication;
mod ecs;
mod ecs_lines;
mod events;
mod filters;
mod otlp;
mod output;
mod queries;
