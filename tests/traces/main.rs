//! Traces: the spans of requests and functions, which of them are kept, and how they are exported.

mod baggage;
mod environment;
mod export;
mod grpc;
mod kept;
mod nesting;
mod spans;
mod tls;
