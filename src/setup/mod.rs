//! Set-up and shutdown: the only place with globals, tasks and the environment.

mod builder;
mod environment;
mod exemplars;
mod monitoring;
mod propagators;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "traces")]
mod traced;
#[cfg(feature = "traces")]
mod traces;

pub use builder::MonitoringBuilder;
pub use monitoring::Monitoring;
