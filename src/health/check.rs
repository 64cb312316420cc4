//! One check: run with a time limit where it was registered, its result kept for a while.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Mutex;

const TIME_LIMIT: Duration = Duration::from_secs(2);
const KEPT: Duration = Duration::from_secs(1);

type Run = dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync;

/// A named check.
pub(crate) struct Check {
    name: &'static str,
    run: Box<Run>,
    /// The runtime that the check's connections belong to.
    runtime: Option<Handle>,
    last: Mutex<Option<(Instant, Report)>>,
}

/// What a check found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) result: Result<(), Failure>,
    pub(crate) time: Duration,
}

/// Why a check failed, as far as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Failed,
    Panicked,
    TimedOut,
}

impl Failure {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Failure::Failed => "failed",
            Failure::Panicked => "panicked",
            Failure::TimedOut => "timed out",
        }
    }
}

impl Check {
    pub(crate) fn new<F, R, E>(name: &'static str, check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        Self {
            name,
            run: Box::new(move || {
                let result = check();
                Box::pin(async move { result.await.map_err(|error| error.to_string()) })
            }),
            runtime: Handle::try_current().ok(),
            last: Mutex::new(None),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The last report if it is fresh, else a new one; probes that come together share one run.
    pub(crate) async fn report(&self) -> Report {
        let mut last = self.last.lock().await;
        if let Some((at, report)) = *last {
            if at.elapsed() < KEPT {
                return report;
            }
        }
        let begun = Instant::now();
        let result = self.run().await;
        let report = Report {
            result,
            time: begun.elapsed(),
        };
        *last = Some((Instant::now(), report));
        report
    }

    async fn run(&self) -> Result<(), Failure> {
        // A task of its own: a panic ends there, and a check that blocks does not block the probe.
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        let making = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (self.run)()));
        let Ok(future) = making else {
            return Err(Failure::Panicked);
        };
        let mut task = runtime.spawn(future);
        match tokio::time::timeout(TIME_LIMIT, &mut task).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => {
                tracing::warn!(check = self.name, error, "health check failed");
                Err(Failure::Failed)
            }
            Ok(Err(_)) => Err(Failure::Panicked),
            Err(_) => {
                task.abort();
                Err(Failure::TimedOut)
            }
        }
    }
}
