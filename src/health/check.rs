//! One check: run with a time limit where it was registered, its result kept for a while.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// Below the second that Kubernetes gives a probe unless told otherwise.
const TIME_LIMIT: Duration = Duration::from_millis(800);
const KEPT: Duration = Duration::from_secs(1);

type Running = JoinHandle<Result<(), String>>;
type Start = dyn Fn(&Handle) -> Running + Send + Sync;

/// A named check.
pub(crate) struct Check {
    name: &'static str,
    start: Box<Start>,
    /// The runtime that the check's connections belong to.
    runtime: Option<Handle>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: Option<(Instant, Report)>,
    /// A run that outlived its time limit: until it ends, there is no other.
    overdue: Option<Running>,
}

/// What a check found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) result: Result<(), Failure>,
    pub(crate) time: Duration,
}

impl Report {
    /// Of a check that could not be run.
    pub(crate) fn panicked() -> Self {
        Self {
            result: Err(Failure::Panicked),
            time: Duration::ZERO,
        }
    }
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
    pub(crate) fn new<F, R, T, E>(name: &'static str, check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let check = Arc::new(check);
        Self {
            name,
            start: Box::new(move |runtime| {
                let check = Arc::clone(&check);
                // A task of its own: a panic ends there, and a check that blocks does not block the probe.
                runtime.spawn(
                    async move { check().await.map(drop).map_err(|error| error.to_string()) },
                )
            }),
            runtime: Handle::try_current().ok(),
            state: Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The last report if it is fresh, else a new one; probes that come together share one run.
    pub(crate) async fn report(&self) -> Report {
        let mut state = self.state.lock().await;
        if let Some((at, report)) = state.last {
            if at.elapsed() < KEPT {
                return report;
            }
        }
        let begun = Instant::now();
        let mut error = String::new();
        let result = self.run(&mut state.overdue, &mut error).await;
        let report = Report {
            result,
            time: begun.elapsed(),
        };
        let before = state.last.replace((Instant::now(), report));
        self.log(before.map(|(_, report)| report.result), result, &error);
        report
    }

    /// Logs a change, not each probe. A service that starts well says nothing.
    fn log(&self, before: Option<Result<(), Failure>>, now: Result<(), Failure>, error: &str) {
        let check = self.name;
        match now {
            _ if before == Some(now) => {}
            Ok(()) if before.is_none() => {}
            Ok(()) => tracing::info!(check, "health check passes again"),
            Err(why) => tracing::warn!(check, reason = why.as_str(), error, "health check fails"),
        }
    }

    async fn run(
        &self,
        overdue: &mut Option<Running>,
        error_text: &mut String,
    ) -> Result<(), Failure> {
        if overdue
            .as_ref()
            .is_some_and(|running| !running.is_finished())
        {
            return Err(Failure::TimedOut);
        }
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        let mut running = (self.start)(&runtime);
        match tokio::time::timeout(TIME_LIMIT, &mut running).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => {
                *error_text = error;
                Err(Failure::Failed)
            }
            Ok(Err(_)) => Err(Failure::Panicked),
            Err(_) => {
                running.abort(); // which a check that blocks its thread does not notice
                *overdue = Some(running);
                Err(Failure::TimedOut)
            }
        }
    }
}
