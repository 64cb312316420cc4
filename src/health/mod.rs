//! Liveness, readiness and start-up, from named checks that the service registers.
//!
//! ```
//! # fn main() -> Result<(), ecolaura_monitoring::Error> {
//! # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
//! monitoring.health().ready("database", || async { Ok::<(), std::io::Error>(()) })?;
//! # Ok(()) }
//! ```
//!
//! - `/health/live`: should this process go on? Restart it when not.
//! - `/health/ready`: should it get requests now? False while it starts, drains, or a check fails.
//! - `/health/startup`: has it started? Stays true once it was.
//!
//! Each answers 200 or 503 with a JSON object: the status and that of each check. A check has a time limit of
//! 0.8 seconds and its result is kept for one second, so that probes cannot load what they check. While a run
//! that missed the limit goes on there is no other. Changes are logged, with the error's text; the answer does
//! not show it, since it may name hosts or users.
//!
//! After [`Monitoring::init`](crate::Monitoring::init) within a Tokio runtime, liveness has a check of its own:
//! `runtime`, a task on that runtime. It fails when all its threads are blocked.

mod answer;
mod check;

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Error;
use crate::health::check::Check;

/// The checks of a service; get it from [`Monitoring::health`](crate::Monitoring::health).
#[derive(Clone, Default)]
pub struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    live: Checks,
    ready: Checks,
    startup: Checks,
    started: AtomicBool,
    draining: AtomicBool,
}

#[derive(Default)]
struct Checks(Mutex<Vec<Arc<Check>>>);

impl Checks {
    /// Adds a check. `path` is the probe that runs it, for the error.
    fn add(&self, path: &str, check: Check) -> Result<(), Error> {
        let name = check.name();
        if name.trim().is_empty() {
            return Err(Error::configuration(format!(
                "a check of {path} has no name: give it one, such as `database`"
            )));
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.iter().any(|known| known.name() == name) {
            return Err(Error::configuration(format!(
                "{path} already has a check `{name}`: give each check a name of its own"
            )));
        }
        all.push(Arc::new(check));
        Ok(())
    }

    fn all(&self) -> Vec<Arc<Check>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Health {
    /// Adds a check to `/health/ready`.
    ///
    /// Call it within the service's Tokio runtime: checks run there. Outside of one they run on the
    /// listener's.
    ///
    /// # Errors
    ///
    /// When `/health/ready` already has a check of this name, or the name is empty.
    pub fn ready<F, R, T, E>(&self, name: &'static str, check: F) -> Result<(), Error>
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let check = Check::new(name, check);
        self.0.ready.add("/health/ready", check)
    }

    /// Adds a check to `/health/live`.
    ///
    /// A failing check gets the process restarted: check what a restart mends, never a database.
    ///
    /// # Errors
    ///
    /// When `/health/live` already has a check of this name, or the name is empty. After
    /// [`Monitoring::init`](crate::Monitoring::init) within a Tokio runtime `runtime` is taken.
    pub fn live<F, R, T, E>(&self, name: &'static str, check: F) -> Result<(), Error>
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let check = Check::new(name, check);
        self.0.live.add("/health/live", check)
    }

    /// Adds a check to `/health/startup`.
    ///
    /// The service has started once all of them have passed together. Add them before the slow part begins.
    ///
    /// # Errors
    ///
    /// When `/health/startup` already has a check of this name, or the name is empty.
    pub fn startup<F, R, T, E>(&self, name: &'static str, check: F) -> Result<(), Error>
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let check = Check::new(name, check);
        self.0.startup.add("/health/startup", check)?;
        self.0.started.store(false, Ordering::Release);
        Ok(())
    }

    /// From now on `/health/ready` says no, so that load balancers send nothing more.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// Whether the service drains.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Health")
            .field("draining", &self.is_draining())
            .finish_non_exhaustive()
    }
}
