//! The families of the layer, under one of the sets of names.

use http::Request;

use crate::catalog::{self, Metric};
use crate::label::{Method, Transport, UNMATCHED};
use crate::metrics::{
    FamilyCore, Histogram, Part, Registry, Shape, TrafficCells, own_shape, resolve,
};
use crate::outcome::Outcome;

/// Under which names the layer's families leave the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricNaming {
    /// `http_requests_total`, `http_request_duration_seconds` and so on, with the labels `method`, `endpoint`, `status_code` and `outcome`.
    #[default]
    Prometheus,
    /// `http_server_request_duration_seconds` and so on, as OpenTelemetry's semantic conventions for HTTP have it, for dashboards that were
    /// made for those.
    ///
    /// - The number of requests is `http_server_request_duration_seconds_count`.
    /// - A request that no route matched has the empty `http_route`, which to Prometheus is none.
    /// - `error_type` is the status of a server error; else the outcome (`panic`, `timeout`, `cancelled`, `aborted`, and `server_error` of a
    ///   gRPC call or a body that failed after a good head); else empty. A request whose client
    ///   went away before the head has no status.
    /// - `url_scheme` is `https` only where the target says so, as in HTTP/2: behind a proxy that ends TLS it is that of the
    ///   proxy's request.
    /// - The families of `#[monitor]` and of streams keep their names.
    OpenTelemetry,
}

/// Families that show parts of the same series. Of answers the first has all of their labels, of traffic the second.
type Shown = &'static [(Metric, Part)];

const PROMETHEUS_ANSWERS: Shown = &[
    (catalog::HTTP_REQUESTS, Part::Count),
    (catalog::HTTP_REQUEST_DURATION, Part::Whole),
];
const PROMETHEUS_TRAFFIC: Shown = &[
    (catalog::HTTP_REQUESTS_IN_FLIGHT, Part::UnderWay),
    (catalog::HTTP_REQUEST_SIZE, Part::Received),
    (catalog::HTTP_RESPONSE_SIZE, Part::Sent),
];
const OTEL_ANSWERS: Shown = &[(catalog::HTTP_SERVER_REQUEST_DURATION, Part::Whole)];
const OTEL_TRAFFIC: Shown = &[
    (catalog::HTTP_SERVER_ACTIVE_REQUESTS, Part::UnderWay),
    (catalog::HTTP_SERVER_REQUEST_SIZE, Part::Received),
    (catalog::HTTP_SERVER_RESPONSE_SIZE, Part::Sent),
];

/// What the layer records to.
pub(crate) struct Http {
    /// Times by all that is told of a request: the counter and the histogram.
    pub(crate) requests: &'static FamilyCore,
    /// What is in flight, and the sizes of bodies, by what is known when a request begins.
    pub(crate) traffic: &'static FamilyCore,
    pub(crate) stream: &'static FamilyCore,
    pub(crate) names: MetricNaming,
}

impl Http {
    pub(crate) fn new(registry: Registry, sizes: bool, names: MetricNaming) -> Self {
        let size = match own_shape(&catalog::HTTP_REQUEST_SIZE) {
            Shape::Histogram(layout) if sizes => Some(layout),
            _ => None,
        };
        let (answers, traffic) = match names {
            MetricNaming::Prometheus => (PROMETHEUS_ANSWERS, PROMETHEUS_TRAFFIC),
            MetricNaming::OpenTelemetry => (OTEL_ANSWERS, OTEL_TRAFFIC),
        };
        let shown = if sizes { traffic } else { &traffic[..1] };
        Self {
            requests: registry.own_views(
                own_shape(&catalog::HTTP_REQUEST_DURATION),
                answers[0].0.label_names(),
                answers,
            ),
            traffic: registry.own_views(Shape::Traffic(size), traffic[1].0.label_names(), shown),
            stream: registry.own(catalog::HTTP_STREAM_DURATION),
            names,
        }
    }

    /// How a request came, where names tell it.
    #[inline]
    pub(crate) fn transport<B>(&self, request: &Request<B>) -> Transport {
        match self.names {
            MetricNaming::Prometheus => Transport::default(),
            MetricNaming::OpenTelemetry => Transport::of(request),
        }
    }

    /// The cells of a route's traffic.
    pub(crate) fn traffic(
        &'static self,
        method: Method,
        template: &'static str,
        transport: Transport,
    ) -> Option<&'static TrafficCells> {
        let (method, route) = (method.as_str(), http_route(template));
        let cells = match self.names {
            MetricNaming::Prometheus => self.traffic.resolve(&[method, template]),
            MetricNaming::OpenTelemetry => {
                let labels = [method, route, transport.scheme(), transport.version()];
                self.traffic.resolve(&labels)
            }
        };
        cells.traffic()
    }

    /// The times of a route's answers with this status and outcome.
    pub(crate) fn answers(
        &'static self,
        method: Method,
        template: &'static str,
        transport: Transport,
        code: u16,
        outcome: Outcome,
    ) -> Histogram {
        let (method, status) = (method.as_str(), code.to_string());
        let labels = match self.names {
            MetricNaming::Prometheus => {
                let labels = [method, template, &status, outcome.as_str()];
                return resolve(self.requests, &labels);
            }
            MetricNaming::OpenTelemetry => [
                method,
                http_route(template),
                if outcome == Outcome::Cancelled {
                    ""
                } else {
                    &status
                },
                match outcome {
                    Outcome::Success | Outcome::ClientError => "",
                    Outcome::ServerError if code >= 500 => &status,
                    other => other.as_str(),
                },
                transport.scheme(),
                transport.version(),
            ],
        };
        resolve(self.requests, &labels)
    }
}

/// OpenTelemetry's `http.route`, which a request that no route matched has not.
fn http_route(template: &'static str) -> &'static str {
    match template {
        UNMATCHED => "",
        template => template,
    }
}
