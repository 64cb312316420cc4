//! Set-up and shutdown: the only place with globals, tasks and the environment.

mod builder;
#[cfg(feature = "traces")]
mod collector;
#[cfg(any(feature = "logs", feature = "traces"))]
mod ending;
mod environment;
mod exemplars;
#[cfg(feature = "logs")]
mod logs;
mod monitoring;
#[cfg(feature = "logs")]
mod panics;
mod propagators;
#[cfg(any(feature = "business", feature = "logs", feature = "server"))]
mod secret;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "logs")]
mod subscriber;
#[cfg(feature = "traces")]
mod traced;
#[cfg(feature = "traces")]
mod traces;
#[cfg(any(feature = "business", feature = "logs"))]
mod user_hash;
mod variables;

pub use builder::MonitoringBuilder;
pub use monitoring::Monitoring;
