//! Attempts to authenticate: counted, and told of in the log.
//!
//! ```
//! # fn main() -> Result<(), ecolaura_monitoring::Error> {
//! # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
//! let authentication = monitoring.authentication();
//! authentication.succeeded("password").user("mara@example.org").record();
//! authentication.failed("password", "wrong_password").record();
//! # Ok(()) }
//! ```
//!
//! Each adds one to `authentication_attempts_total`, and has a line whose `event.dataset` is `authentication`, by the Elastic Common Schema. Who
//! it was is told by a hash that only who has the key can make ([`MonitoringBuilder::user_hash_key`](crate::MonitoringBuilder::user_hash_key)),
//! and from where only if the service says so.

use std::hash::Hasher as _;
use std::net::IpAddr;

use siphasher::sip128::{Hasher128 as _, SipHasher24};

use crate::catalog;
use crate::logs::Attempted;
use crate::metrics::{Counter, FamilyCore, resolve};
use crate::observe::Meter;
use crate::trace_context::TraceContext;

/// What is no attempt, and is told of all the same.
const LOGOUT: &str = "logout";

/// Where attempts are recorded; get it from [`Monitoring::authentication`](crate::Monitoring::authentication). Copying it costs nothing.
#[derive(Clone, Copy)]
pub struct Authentication {
    /// `None` when telemetry is disabled. With the family that attempts are counted in.
    meter: Option<(&'static Meter, &'static FamilyCore)>,
    key: [u8; 16],
}

/// An attempt, which counts when it is [recorded](Self::record).
#[derive(Clone)]
#[must_use = "it counts when it is recorded"]
pub struct Attempt {
    of: Authentication,
    mechanism: &'static str,
    action: &'static str,
    /// Why it failed, if it did.
    failure: Option<&'static str>,
    user: Option<u128>,
    source: Option<IpAddr>,
}

impl Authentication {
    pub(crate) fn new(meter: Option<&'static Meter>, key: [u8; 16]) -> Self {
        let family = |meter: &'static Meter| meter.registry.own(catalog::AUTHENTICATION_ATTEMPTS);
        let meter = meter.map(|meter| (meter, family(meter)));
        Self { meter, key }
    }

    /// Somebody has proved who he is, by `password`, `token`, `passkey`, …
    pub fn succeeded(self, mechanism: &'static str) -> Attempt {
        Attempt {
            of: self,
            mechanism,
            action: "login",
            failure: None,
            user: None,
            source: None,
        }
    }

    /// Somebody has not, for a reason such as `wrong_password`, `unknown_user` or `expired`. The client need not be told which.
    pub fn failed(self, mechanism: &'static str, reason: &'static str) -> Attempt {
        Attempt {
            failure: Some(reason),
            ..self.succeeded(mechanism)
        }
    }
}

impl Attempt {
    /// Who it was: an id, a name, an address. Only its keyed hash is told (`user.hash`).
    pub fn user(mut self, user: impl AsRef<[u8]>) -> Self {
        let mut hasher = SipHasher24::new_with_key(&self.of.key);
        hasher.write(user.as_ref());
        self.user = Some(hasher.finish128().as_u128());
        self
    }

    /// From where (`source.ip`). Personal data in many countries: not told unless it is said here.
    pub fn source(mut self, address: IpAddr) -> Self {
        self.source = Some(address);
        self
    }

    /// What was attempted (`event.action`), if it is not `login`: `token-refresh`, … A `logout` has a line and is not counted, since nobody
    /// proves who he is.
    pub fn action(mut self, action: &'static str) -> Self {
        self.action = action;
        self
    }

    /// Counts it, and writes its line.
    pub fn record(self) {
        let Some((meter, family)) = self.of.meter else {
            return;
        };
        let outcome = match self.failure {
            None => "success",
            Some(_) => "failure",
        };
        if self.action != LOGOUT {
            resolve::<Counter>(family, &[self.mechanism, outcome]).inc();
        }
        if let Some(logs) = meter.logs() {
            logs.attempted(&Attempted {
                mechanism: self.mechanism,
                action: self.action,
                outcome,
                reason: self.failure,
                user: self.user,
                source: self.source,
                context: TraceContext::present(),
            });
        }
    }
}

impl std::fmt::Debug for Authentication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authentication").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt")
            .field(catalog::MECHANISM, &self.mechanism)
            .field("action", &self.action)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}
