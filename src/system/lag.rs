//! How long the service's runtime lets a task wait: a thread gives it an empty one each second, and sees when it runs.
//!
//! Not a timer within the runtime: one without timers would panic, and one whose clock is paused for a test would run on for ever. And not
//! while the last task waits: a runtime that is blocked does not find a heap of them when it goes on.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::catalog;
use crate::metrics::{Histogram, Looked, Registry, Sink, Source, Type, Value, resolve, show};

/// The time from the end of one try to the next.
const BETWEEN: Duration = Duration::from_secs(1);

/// Observations that one try makes at most.
const MOST: usize = 3600;

/// What is known of the task that was given last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has run.
    Idle,
    /// It was given then, and has not run yet.
    Waits(Instant),
    /// It never will: there is no runtime any more.
    Ended,
}

/// The state, as the thread and scrapes share it.
#[derive(Clone)]
struct Lag(Arc<Mutex<State>>);

const FAMILIES: [Looked<State>; 1] = [(catalog::TOKIO_LAG_CURRENT, |state, shown| {
    let waits = match state {
        State::Idle => Some(Duration::ZERO),
        State::Waits(since) => Some(since.elapsed()),
        State::Ended => None,
    };
    let seconds = waits.map(|waits| waits.as_secs_f64());
    shown.series(&[], seconds.map(Value::Number));
})];

/// Begins to watch the runtime within which this is called, if it is within one. Where no thread can be had, nobody watches.
pub(crate) fn watch(registry: Registry) {
    if let Ok(runtime) = Handle::try_current() {
        every(BETWEEN, runtime, registry);
    }
}

fn every(between: Duration, runtime: Handle, registry: Registry) {
    let (lag, histogram) = (Lag::new(), resolve(registry.own(catalog::TOKIO_LAG), &[]));
    let thread = thread::Builder::new().name("monitoring-lag".into());
    let of_thread = lag.clone();
    let work = move || of_thread.measure(between, &runtime, histogram);
    if thread.spawn(work).is_ok() {
        registry.add_source(lag);
    }
}

impl Lag {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(State::Idle)))
    }

    fn state(&self) -> State {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Goes on until the runtime has ended. Nobody waits for this thread: it ends with the process.
    fn measure(&self, between: Duration, runtime: &Handle, histogram: Histogram) {
        loop {
            let given = Instant::now();
            self.set(State::Waits(given));
            let Ok(ran) = give(runtime).recv() else {
                break;
            };
            let waited = ran.saturating_duration_since(given);
            waits(waited, between).for_each(|wait| histogram.observe_duration(wait));
            self.set(State::Idle);
            thread::sleep(between);
        }
        self.set(State::Ended);
    }
}

/// The wait of a task, and those of the tasks that were not given meanwhile, one each time: what waits a minute would else be one observation
/// among hundreds, and no quantile would tell of the minute.
///
/// Source: HdrHistogram, its correction for "coordinated omission".
fn waits(waited: Duration, between: Duration) -> impl Iterator<Item = Duration> {
    let next = move |wait: &Duration| wait.checked_sub(between).filter(|left| *left >= between);
    std::iter::successors(Some(waited), next).take(MOST)
}

/// Has a runtime tell when it runs a task. One that has ended drops the task, and with it what would tell.
fn give(runtime: &Handle) -> Receiver<Instant> {
    let (sender, receiver): (Sender<Instant>, _) = mpsc::channel();
    runtime.spawn(async move {
        let _ = sender.send(Instant::now());
    });
    receiver
}

impl Source for Lag {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        show(&FAMILIES, &self.state(), taken, sink);
    }

    fn is_of_catalogue(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
