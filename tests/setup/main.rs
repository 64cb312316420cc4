//! Set-up and operation: the builder and the environment, the admin listener, health, run-time control and draining.

mod builder;
mod control;
mod disabled;
mod drain;
mod environment;
mod health;
