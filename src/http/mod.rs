//! The tower layer that measures every request exactly once.
//!
//! Put it on the router, outermost:
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::{Router, routing::get};
//! # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build().unwrap();
//!
//! let app: Router = Router::new()
//!     .route("/api/v1/products", get(|| async { "[]" }))
//!     .layer(monitoring.layer());
//! # }
//! ```
//!
//! What a request counts as:
//! - **Answered**: with its status; `outcome` is `success`, `client_error`, `server_error`, or `timeout` for 408 and 504.
//!   A gRPC call (`application/grpc`) has the outcome of its `grpc-status`. The body ends with its last frame, or with trailers.
//! - **The handler panicked**: 500, `panic`. The panic goes on as it would without the layer. A request that merely waits while
//!   something else of its task panics is one whose client went away.
//! - **The client went away** before the head: 499, `cancelled`; during the body: the head's status, `aborted`.
//! - **The service or its body failed**: 500 or the head's status, `server_error`; `timeout` where the error is a time limit of
//!   tower, tower-http, tokio or the system, for the head or for the body.
//! - **The body is not as long as its `content-length`**: the head's status, `server_error`. By HTTP/2 its client gets an error, by
//!   HTTP/1.1 too if it is shorter; one that is longer is cut. HEAD, 204 and 304 have no body to be compared.
//! - **A status below 200**, other than 101, cannot be an answer: 500, `server_error`, which is what hyper sends by HTTP/1.1.
//! - **A stream** (`text/event-stream`, 101, answered CONNECT): counted with the time to its head. Its life is
//!   observed in `http_stream_duration_seconds`; that of an upgraded connection only of HTTP/1.1 and under
//!   [`Monitoring::serve`](crate::Monitoring::serve), which sees the connection end.
//!
//! `endpoint` is the template of the route (`/products/{id}`), never the path. What no route matched is
//! `unmatched`, and so is what goes to a fallback or to a service nested by `nest_service`, such as static files: axum does not say
//! which path those matched. [`MonitorLayer::routes`] names them (`/static/{*path}`); in a nested router a layer of its own, or
//! `#[monitor]` on its handlers, does so more precisely. A request that passes two layers of the same monitoring is counted by the
//! outer one.
//!
//! # Sharp edges
//!
//! - A layer *outside* this one that drops the request's future, such as a timeout, looks like a client that went
//!   away: keep this layer outermost.
//! - Bytes are counted where the layer stands: compression inside it counts compressed, outside it uncompressed.
//! - Bytes of a request body are counted as they are read from [`axum::body::Body`]. Of another body type the
//!   layer knows only that it is empty, and else observes no request size.
//! - The measurement does not cross tasks: behind `tower::buffer`, a second layer counts the request again.
//! - A client that closes while its body is being read is answered by the extractor that fails, often with 400, and
//!   counts so. One that closes before hyper calls the service makes no request at all, and counts nowhere.
//! - A task that the handler spawns does not belong to the request.

mod body;
mod client;
mod future;
mod head;
mod layer;
mod received;
#[cfg(feature = "reqwest")]
mod reqwest;
mod service;
mod templates;
mod timeout;
#[cfg(feature = "server")]
mod upgrade;

pub use body::ResponseBody;
pub use client::{ClientFuture, ClientLayer, MonitorClient};
pub use future::ResponseFuture;
pub use layer::MonitorLayer;
pub use service::Monitor;
#[cfg(feature = "server")]
pub(crate) use service::with_routes_made;
#[cfg(feature = "server")]
pub(crate) use upgrade::Upgraded;
