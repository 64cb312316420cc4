//! The thread that exports: takes what waits, sends it, and counts what is lost.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};

use crate::catalog;
use crate::error::Error;
use crate::metrics::{Counter, Registry, resolve};
use crate::otlp::client::{Client, Failure, LONGEST_WAIT};
use crate::otlp::settings::{Settings, To};
use crate::otlp::{console, encode};
use crate::trace::{Finished, Receiver, Tracer};

/// How long to wait before a request is repeated for the first time; twice as long each time after.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The shortest time that a collector can have us wait.
const LEAST_WAIT: Duration = Duration::from_millis(100);

/// How long a failure is told of once.
const TELL_AGAIN: Duration = Duration::from_secs(600);

/// The time that a batch has at least where somebody waits, if that of a request is not shorter.
const LEAST: Duration = Duration::from_secs(1);

/// How long what waits at the end may take to be sent.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long a flush takes at most.
const LONGEST_FLUSH: Duration = Duration::from_secs(3600);

/// Exports the spans of one tracer until it is dropped.
pub(crate) struct Exporter {
    tracer: &'static Tracer,
    handle: Option<JoinHandle<()>>,
    orders: mpsc::Sender<Order>,
    haste: watch::Sender<Haste>,
}

/// What may come between the sending of a batch.
#[derive(Clone, Copy, Default)]
pub(super) struct Haste {
    /// When the last spans are given up that are being sent, once it is over.
    end: Option<Instant>,
    /// How often somebody has asked for all to be sent.
    flushes: u64,
}

enum Order {
    /// Send all that waits by then, and say whether that was done.
    Flush(Instant, oneshot::Sender<bool>),
    Stop,
}

impl Exporter {
    /// Starts the thread.
    pub(crate) fn start(
        tracer: &'static Tracer,
        receiver: Receiver,
        registry: Registry,
        resource: &[(String, String)],
        settings: Settings,
    ) -> Result<Self, Error> {
        let (to, batch, delay, timeout) = (
            settings.to,
            settings.batch,
            settings.delay,
            settings.timeout,
        );
        // First, since it may be refused: where this is called no runtime may be dropped.
        let client = Client::new(settings)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::exporter)?;
        let (sender, orders) = mpsc::channel();
        let (haste, hastes) = watch::channel(Haste::default());
        let work = Work {
            tracer,
            receiver,
            runtime,
            service: service(resource),
            resource: encode::resource(resource),
            to,
            batch,
            delay,
            timeout,
            client,
            exported: resolve(registry.own(catalog::SPANS_EXPORTED), &[]),
            hastes,
            is_patient: true,
            told: None,
        };
        let thread = thread::Builder::new().name("monitoring-spans".into());
        let handle = thread
            .spawn(move || work.run(&orders))
            .map_err(Error::exporter)?;
        Ok(Self {
            tracer,
            handle: Some(handle),
            orders: sender,
            haste,
        })
    }

    /// Sends all that waits. What is returned resolves to whether that was done by then.
    pub(crate) fn flush(&self, within: Duration) -> oneshot::Receiver<bool> {
        let (done, wait) = oneshot::channel();
        let now = Instant::now();
        let by = now.checked_add(within).unwrap_or(now + LONGEST_FLUSH);
        let _ = self.orders.send(Order::Flush(by, done));
        self.haste.send_modify(|haste| haste.flushes += 1);
        self.tracer.wake();
        wait
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        let end = Some(Instant::now() + LAST_WORDS);
        self.haste.send_modify(|haste| haste.end = end);
        self.tracer.wake();
        if let Some(handle) = self.handle.take() {
            let _ = handle.join(); // by itself no longer than LAST_WORDS
        }
    }
}

struct Work {
    tracer: &'static Tracer,
    receiver: Receiver,
    runtime: Runtime,
    client: Client,
    resource: Vec<u8>,
    /// Its name.
    service: String,
    to: To,
    batch: usize,
    delay: Duration,
    timeout: Duration,
    exported: Counter,
    hastes: watch::Receiver<Haste>,
    /// Whether to try again where nobody is there.
    is_patient: bool,
    /// When a failure was told of.
    told: Option<Instant>,
}

impl Work {
    fn run(mut self, orders: &mpsc::Receiver<Order>) {
        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone()));
        self.tracer.exported_by(self.runtime.block_on(waker));
        let mut next = Instant::now() + self.delay;
        loop {
            match orders.try_recv() {
                Ok(Order::Flush(by, done)) => {
                    self.is_patient = false; // somebody waits
                    let _ = done.send(self.send_waiting(by));
                    self.is_patient = true;
                    continue;
                }
                Ok(Order::Stop) | Err(mpsc::TryRecvError::Disconnected) => break,
                Err(mpsc::TryRecvError::Empty) => {}
            }
            let now = Instant::now();
            if now >= next || self.tracer.is_pressing() {
                self.send_waiting(now + self.timeout);
                next = Instant::now() + self.delay;
                continue;
            }
            self.wait(next);
        }
        self.is_patient = false;
        self.send_waiting(Instant::now() + LAST_WORDS);
        self.give_up("shutdown");
        self.runtime.shutdown_background(); // a look-up of a name may hang, and nobody waits for it
    }

    /// Waits until then, or until somebody calls; and looks after the connection meanwhile, which a collector that stops wants to close.
    fn wait(&self, until: Instant) {
        let called = poll_fn(|_| match self.tracer.was_called() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        });
        self.runtime.block_on(async {
            tokio::select! {
                () = called => {}
                () = tokio::time::sleep_until(until.into()) => {}
            }
        });
    }

    /// Sends what waits now, batch by batch; what comes meanwhile waits for its time. Whether all of it was sent by this moment.
    fn send_waiting(&mut self, by: Instant) -> bool {
        let mut waiting = self.tracer.waiting();
        while waiting > 0 {
            if Instant::now() >= by {
                return false;
            }
            let (traces, spans) = self.take();
            if spans == 0 {
                break;
            }
            waiting = waiting.saturating_sub(spans);
            if !self.send(traces, spans, by) {
                return false;
            }
        }
        true
    }

    fn send(&mut self, traces: Vec<Finished>, spans: usize, by: Instant) -> bool {
        if self.to == To::Console {
            console::write(&self.service, &traces);
            self.tracer.release(traces.iter().map(|of| of.bytes).sum());
            self.exported.add(spans as u64);
            return true;
        }
        let body = self.client.body(encode::request(&self.resource, &traces));
        self.tracer.release(traces.iter().map(|of| of.bytes).sum());
        drop(traces);
        // Each batch has its own time: one that is slow does not take it from the next. Less where somebody waits.
        let now = Instant::now();
        let by = match self.is_patient {
            true => now + self.timeout,
            false => by.clamp(now + self.timeout.min(LEAST), now + self.timeout),
        };
        let delivered = deliver(&self.client, body, by, self.is_patient, &mut self.hastes);
        match self.runtime.block_on(delivered) {
            Ok(rejected) => {
                let rejected = usize::try_from(rejected).map_or(spans, |n| n.min(spans));
                self.exported.add((spans - rejected) as u64);
                if rejected > 0 {
                    self.tracer.dropped("rejected", rejected);
                }
                true
            }
            Err(failure) => {
                self.tracer.dropped("export_failed", spans);
                self.tell(&failure, spans);
                false
            }
        }
    }

    /// Takes out as many spans as are sent at a time, and some more where one trace has more.
    fn take(&self) -> (Vec<Finished>, usize) {
        let (mut traces, mut spans) = (Vec::new(), 0);
        while spans < self.batch {
            let Some(finished) = self.receiver.take() else {
                break;
            };
            spans += finished.spans.len();
            traces.push(finished);
        }
        (traces, spans)
    }

    fn give_up(&self, reason: &'static str) {
        let mut lost = 0;
        while let Some(finished) = self.receiver.take() {
            lost += finished.spans.len();
            self.tracer.release(finished.bytes);
        }
        if lost > 0 {
            self.tracer.dropped(reason, lost);
        }
    }

    /// Says why spans were lost, but not each time.
    fn tell(&mut self, failure: &Failure, spans: usize) {
        if self.told.is_none_or(|told| told.elapsed() >= TELL_AGAIN) {
            self.told = Some(Instant::now());
            tracing::warn!(
                spans,
                "spans were not exported: {}. OTEL_EXPORTER_OTLP_ENDPOINT names another collector, OTEL_TRACES_EXPORTER=none turns spans off",
                failure.why
            );
        }
    }
}

/// The name of the service that a resource is.
fn service(resource: &[(String, String)]) -> String {
    let name = resource.iter().find(|(key, _)| key == "service.name");
    name.map(|(_, name)| name.clone()).unwrap_or_default()
}

/// Sends until it is taken, or until this moment, or until it is over.
pub(super) async fn deliver(
    client: &Client,
    body: Bytes,
    by: Instant,
    mut is_patient: bool,
    hastes: &mut watch::Receiver<Haste>,
) -> Result<u64, Failure> {
    let (mut wait, flushes) = (FIRST_WAIT, hastes.borrow().flushes);
    loop {
        let failure = match within(client.send(body.clone()), by, hastes).await {
            Some(Ok(rejected)) => return Ok(rejected),
            Some(Err(failure)) => failure,
            None => {
                return Err(Failure::passing(
                    "the collector does not answer in time".into(),
                ));
            }
        };
        // A little more or less, so that services that failed together do not come back together.
        let pause = failure.wait.map_or(wait, |told| told.max(LEAST_WAIT));
        let pause = pause.mul_f64(0.8 + 0.4 * fastrand::f64());
        is_patient &= hastes.borrow().flushes == flushes;
        let is_worth_it = failure.is_passing && (is_patient || !failure.is_unreachable);
        let is_in_time = Instant::now().checked_add(pause).is_some_and(|at| at < by);
        let has_time = is_worth_it && is_in_time;
        if !has_time {
            return Err(failure);
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Somebody waits: once more at once, and then no more where nobody is there.
            Ok(()) = hastes.changed() => {}
        }
        wait = longer(wait);
    }
}

/// The wait after this one.
fn longer(wait: Duration) -> Duration {
    wait.saturating_mul(2).min(LONGEST_WAIT)
}

/// What a future resolves to; `None` if it does not by then, or until it is over.
async fn within<T>(
    future: impl Future<Output = T>,
    by: Instant,
    hastes: &mut watch::Receiver<Haste>,
) -> Option<T> {
    let mut future = pin!(future);
    loop {
        let end = hastes.borrow_and_update().end;
        let end = end.map_or(by, |end| end.min(by));
        tokio::select! {
            output = &mut future => return Some(output),
            () = tokio::time::sleep_until(end.into()) => return None,
            Ok(()) = hastes.changed() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However often a collector that answers at once has a batch repeated.
    #[test]
    fn waits_have_a_limit() {
        let last = (0..200).fold(FIRST_WAIT, |wait, _| longer(wait));
        assert_eq!(last, LONGEST_WAIT);
        assert_eq!(longer(FIRST_WAIT), 2 * FIRST_WAIT);
    }
}
