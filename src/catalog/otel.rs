//! What the layer writes with OpenTelemetry's names, in place of its usual families.
//!
//! Source: OpenTelemetry's semantic conventions for HTTP metrics (stable), as Prometheus writes their names. Sizes and active
//! requests are not stable there yet.

use crate::catalog::{Metric, Unit};

/// `http.server.request.duration`; its count is the number of requests.
pub const HTTP_SERVER_REQUEST_DURATION: Metric = Metric::histogram(
    "http_server_request_duration_seconds",
    "Time of a request, of a stream to its head (OpenTelemetry's names).",
)
.unit(Unit::Seconds)
.labels(&[
    "http_request_method",
    "http_route",
    "http_response_status_code",
    "error_type",
    "url_scheme",
    "network_protocol_version",
]);

/// `http.server.active_requests`.
pub const HTTP_SERVER_ACTIVE_REQUESTS: Metric = Metric::gauge(
    "http_server_active_requests",
    "HTTP requests that have begun and not ended (OpenTelemetry's names).",
)
.labels(&["http_request_method", "url_scheme"]);

/// `http.server.request.body.size`.
pub const HTTP_SERVER_REQUEST_SIZE: Metric = Metric::histogram(
    "http_server_request_body_size_bytes",
    "Bytes of the request body that the service read (OpenTelemetry's names).",
)
.unit(Unit::Bytes)
.labels(&[
    "http_request_method",
    "http_route",
    "url_scheme",
    "network_protocol_version",
]);

/// `http.server.response.body.size`.
pub const HTTP_SERVER_RESPONSE_SIZE: Metric = Metric::histogram(
    "http_server_response_body_size_bytes",
    "Bytes of the response body that were sent (OpenTelemetry's names).",
)
.unit(Unit::Bytes)
.labels(&[
    "http_request_method",
    "http_route",
    "url_scheme",
    "network_protocol_version",
]);
