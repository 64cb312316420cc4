//! What the layer writes.

use crate::catalog::{Metric, Unit};

/// Requests answered, by what became of them.
pub const HTTP_REQUESTS: Metric = Metric::counter(
    "http_requests_total",
    "HTTP requests that ended, by route template, status and outcome.",
)
.labels(&["method", "endpoint", "status_code", "outcome"]);

/// Time from the call of the layer to the end of the response body, or to the head of a stream.
pub const HTTP_REQUEST_DURATION: Metric = Metric::histogram(
    "http_request_duration_seconds",
    "Time from the start of a request to the end of its response body; of a stream, to its head.",
)
.unit(Unit::Seconds)
.labels(&["method", "endpoint", "status_code"]);

/// Requests to other services, until the head of the answer.
pub const HTTP_CLIENT_REQUEST_DURATION: Metric = Metric::histogram(
    "http_client_request_duration_seconds",
    "Time from the start of a request to another service to the head of its answer.",
)
.unit(Unit::Seconds)
.labels(&["method", "peer", "status_code"]);

/// Requests that have begun and whose response has not ended.
pub const HTTP_REQUESTS_IN_FLIGHT: Metric = Metric::gauge(
    "http_requests_in_flight",
    "HTTP requests that have begun and not ended, open streams among them.",
)
.labels(&["endpoint"]);

/// Bytes of request bodies that were read.
pub const HTTP_REQUEST_SIZE: Metric = Metric::histogram(
    "http_request_size_bytes",
    "Bytes of the request body that the service read.",
)
.unit(Unit::Bytes)
.labels(&["method", "endpoint"]);

/// Bytes of response bodies that were handed to the server.
pub const HTTP_RESPONSE_SIZE: Metric = Metric::histogram(
    "http_response_size_bytes",
    "Bytes of the response body that were sent, after compression inside the layer.",
)
.unit(Unit::Bytes)
.labels(&["method", "endpoint"]);

/// Life of server-sent events and upgraded connections.
pub const HTTP_STREAM_DURATION: Metric = Metric::histogram(
    "http_stream_duration_seconds",
    "Life of a stream (server-sent events, upgraded connection) from its head to its end.",
)
.unit(Unit::Seconds)
.labels(&["endpoint"])
.buckets(&[
    0.1, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0,
]);
