//! Where metrics and probes are answered, and how the service stops.

use std::net::SocketAddr;
use std::time::Duration;

use crate::error::Error;
use crate::setup::secret::Secret;
use crate::setup::server::address;
use crate::setup::start::Start;

/// Where metrics and probes are answered, and how the service stops; see [`MonitoringBuilder::server`](crate::MonitoringBuilder::server).
#[derive(Debug)]
pub struct ServerConfig {
    /// `None`: as the environment says, or at the default; nowhere for `build`.
    listen: Option<SocketAddr>,
    without_listener: bool,
    control_token: Option<Secret>,
    drain_delay: Duration,
    drain_timeout: Duration,
}

/// What the server starts with.
pub(crate) struct Settings {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) control_token: Option<Secret>,
    pub(crate) drain_delay: Duration,
    pub(crate) drain_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: None,
            without_listener: false,
            control_token: None,
            drain_delay: Duration::ZERO,
            drain_timeout: Duration::from_secs(25),
        }
    }
}

impl ServerConfig {
    /// Where `/metrics` and `/health/*` are served. Default: 127.0.0.1:9464, or as
    /// `OTEL_EXPORTER_PROMETHEUS_HOST` and `_PORT` say.
    ///
    /// Port 0 takes a free one; [`Monitoring::listen_addr`](crate::Monitoring::listen_addr) tells it. Whoever reaches this address can read the
    /// metrics: do not open it to the world.
    pub fn listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.listen = Some(address.into());
        self
    }

    /// No admin listener, whatever [`listen`](Self::listen) says: merge [`Monitoring::routes`](crate::Monitoring::routes) into the app instead. Then there is no `/control`.
    pub fn without_listener(mut self) -> Self {
        self.without_listener = true;
        self
    }

    /// Lets who has this token change the filter of the log and the share of traces while the service runs, at `/control` of the own listener.
    /// Default: what `MONITORING_CONTROL_TOKEN` says; without a token there is no `/control`.
    ///
    /// 16 bytes or more that nobody can guess. It goes over plain HTTP: reach the listener from the machine itself, or through what encrypts.
    ///
    /// ```text
    /// curl -H "Authorization: Bearer $TOKEN" localhost:9464/control
    /// curl -H "Authorization: Bearer $TOKEN" localhost:9464/control -X PUT \
    ///   -d '{"log_filter": "info,shop::orders=debug", "sampling_ratio": 1, "for_seconds": 300}'
    /// curl -H "Authorization: Bearer $TOKEN" localhost:9464/control -X DELETE
    /// ```
    ///
    /// After `for_seconds` (600 unless told otherwise, a day at most) all is as it was at start: one time counts for all, that of the last change.
    /// `sampling_ratio` is there where the service makes spans; it overrules neither what a sender has decided nor the limit of new traces a
    /// second.
    pub fn control_token(mut self, token: impl Into<String>) -> Self {
        self.control_token = Some(Secret(token.into()));
        self
    }

    /// How long the service goes on taking requests after it was told to stop, with `/health/ready` at 503. Default: 0.
    ///
    /// Behind a load balancer, give it the time to notice: in Kubernetes some 5 s, more than it takes for the readiness
    /// probe to fail and for that to spread. Without, each deploy refuses some connections.
    ///
    /// Each answer during the delay ends its connection (`Connection: close`, or GOAWAY by HTTP/2), so that clients which keep
    /// connections move on as well.
    pub fn drain_delay(mut self, delay: Duration) -> Self {
        self.drain_delay = delay;
        self
    }

    /// How long requests in flight and upgraded connections, such as WebSockets, may take when the service stops. Default: 25 s, so
    /// that it ends before Kubernetes' 30 s.
    ///
    /// A WebSocket that its handler does not close takes all of it.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }

    /// What the code says, else the environment.
    pub(crate) fn settle(self, start: &Start<'_>) -> Result<Settings, Error> {
        let of_environment = address::of_environment(start.variables)?;
        let by_default = of_environment.unwrap_or(([127, 0, 0, 1], address::DEFAULT_PORT).into());
        let listen = self.listen.or(start.is_global.then_some(by_default));
        let (code, name) = ("control_token", "MONITORING_CONTROL_TOKEN");
        Ok(Settings {
            listen: listen.filter(|_| !self.without_listener),
            control_token: Secret::from(self.control_token, code, name, start.variables)?,
            drain_delay: self.drain_delay,
            drain_timeout: self.drain_timeout,
        })
    }
}
