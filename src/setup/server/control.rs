//! What operators may change while the service runs, where they have a token for it.

use axum::Router;
use axum::routing::any;

use crate::catalog;
use crate::control::{Audited, Control, Dial};
use crate::metrics::{Counter, resolve};
use crate::setup::monitoring::Monitoring;
use crate::setup::secret::Secret;

impl Monitoring {
    /// `/control`, if there is a token.
    pub(crate) fn control(&self) -> Router {
        let parts = &self.0.parts;
        let Some(Secret(token)) = &parts.server.control_token else {
            return Router::new();
        };
        #[allow(unused_mut, reason = "which there are, features tell")]
        let mut dials: Vec<Box<dyn Dial>> = Vec::new();
        #[cfg(feature = "logs")]
        if let Some(logs) = parts.log.logs() {
            dials.push(Box::new(crate::control::LogFilter(logs)));
        }
        #[cfg(feature = "traces")]
        if let Some(tracer) = parts.meter.tracer() {
            dials.push(Box::new(crate::control::SamplingRatio(tracer)));
        }
        #[cfg(feature = "logs")]
        let logs = parts.log.logs();
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
