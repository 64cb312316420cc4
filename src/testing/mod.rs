//! Read back what was recorded, in the tests of a service; no globals. Feature `testing`.
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::{Router, body::{Body, to_bytes}, http::Request, routing::get};
//! use ecolaura_monitoring::Monitoring;
//! use tower::ServiceExt;
//!
//! let monitoring = Monitoring::builder("test").build()?;
//! let app = Router::new()
//!     .route("/products", get(|| async { "[]" }))
//!     .layer(monitoring.layer());
//!
//! let response = app.oneshot(Request::get("/products").body(Body::empty())?).await?;
//! to_bytes(response.into_body(), usize::MAX).await?; // a request ends with its response's body
//!
//! let counted = [("endpoint", "/products"), ("outcome", "success")];
//! assert_eq!(monitoring.recorded().value("http_requests_total", &counted), Some(1.0));
//! # Ok(()) }
//! # #[cfg(not(feature = "axum"))] fn main() {}
//! ```
//!
//! - A response whose body is dropped unread counts as `aborted`, one that is still held does not count yet.
//! - Outside of a layer, [`Monitoring::enter`](crate::Monitoring::enter) and
//!   [`Monitoring::scope`](crate::Monitoring::scope) make monitored functions record to a monitoring.

mod recorded;
mod with_monitoring;

pub use recorded::{Recorded, RecordedHistogram};
pub use with_monitoring::WithMonitoring;
