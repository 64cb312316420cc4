//! How requests are counted: through the layer, by whatever app, server and client, and however they end.

mod around;
mod cardinality;
mod client_layer;
mod client_reqwest;
mod endings;
mod failures;
mod grpc;
mod isolation;
mod layering;
mod leaving;
mod otel_names;
mod panics;
mod requests;
mod routers;
mod servers;
mod sizes;
mod streams;
mod timeouts;
mod upgrades;
