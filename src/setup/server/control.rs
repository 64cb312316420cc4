//! What operators may change while the service runs, where they have a token for it.

use axum::Router;
use axum::routing::any;

use crate::catalog;
use crate::control::{Audited, Control, Dial};
use crate::metrics::{Counter, resolve};
use crate::setup::builder::MonitoringBuilder;
use crate::setup::monitoring::Monitoring;
use crate::setup::secret::Secret;

impl MonitoringBuilder {
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
}

impl Monitoring {
    /// `/control`, if there is a token.
    pub(crate) fn control(&self) -> Router {
        let parts = &self.0.parts;
        let Some(Secret(token)) = &parts.control_token else {
            return Router::new();
        };
        #[allow(unused_mut, reason = "which there are, features tell")]
        let mut dials: Vec<Box<dyn Dial>> = Vec::new();
        #[cfg(feature = "logs")]
        if let Some(logs) = self.logs() {
            dials.push(Box::new(crate::control::LogFilter(logs)));
        }
        #[cfg(feature = "traces")]
        if let Some(tracer) = parts.meter.tracer() {
            dials.push(Box::new(crate::control::SamplingRatio(tracer)));
        }
        #[cfg(feature = "logs")]
        let logs = self.logs();
        let audit = move |audited: &Audited<'_>| {
            let Audited {
                action,
                is_success,
                from,
                what,
            } = *audited;
            #[cfg(feature = "logs")]
            if let Some(logs) = logs {
                return logs.audit(action, is_success, from, what);
            }
            tracing::warn!(is_success, ?from, ?what, "{action}");
            true
        };
        let family = parts.meter.registry.own(catalog::AUTHENTICATION_ATTEMPTS);
        let attempts = ["success", "failure"]
            .map(|outcome| resolve::<Counter>(family, &["control_token", outcome]));
        let control = Control::new(token.clone(), dials, Box::new(audit), attempts);
        let answer = move |request| control.clone().answer(request);
        Router::new().route("/control", any(answer))
    }
}
