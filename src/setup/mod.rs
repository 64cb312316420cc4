//! Set-up and shutdown: the only place with globals, tasks and the environment.
//!
//! Each signal has a configuration (`config.rs`), which reads the code's choices and the environment's and starts it. Where its feature is off,
//! `absent.rs` stands in its place.

mod builder;
mod ending;
mod http;
#[cfg(feature = "logs")]
mod logs;
#[cfg(not(feature = "logs"))]
#[path = "logs/absent.rs"]
mod logs;
mod metrics;
mod monitoring;
#[cfg(any(feature = "business", feature = "logs", feature = "server"))]
mod secret;
#[cfg(feature = "server")]
mod server;
#[cfg(not(feature = "server"))]
#[path = "server/absent.rs"]
mod server;
mod service;
mod start;
#[cfg(feature = "system")]
mod system;
#[cfg(not(feature = "system"))]
#[path = "system/absent.rs"]
mod system;
#[cfg(feature = "traces")]
mod traces;
#[cfg(not(feature = "traces"))]
#[path = "traces/absent.rs"]
mod traces;
#[cfg(any(feature = "business", feature = "logs"))]
mod user_hash;
mod variables;

pub use builder::MonitoringBuilder;
pub use http::config::HttpConfig;
#[cfg(feature = "logs")]
pub use logs::config::LogsConfig;
pub use metrics::config::MetricsConfig;
pub use monitoring::Monitoring;
#[cfg(feature = "server")]
pub use server::config::ServerConfig;
#[cfg(feature = "traces")]
pub use traces::config::TracesConfig;
