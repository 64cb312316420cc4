//! Traces in a real Jaeger, and the way from a metric to a trace to a log line.

mod correlation;
mod jaeger;
