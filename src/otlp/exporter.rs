//! The exporter of one tracer, and the thread that it starts.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::{oneshot, watch};

use crate::catalog;
use crate::completion::Completion;
use crate::error::Error;
use crate::metrics::{Registry, resolve};
use crate::otlp::batch::Batches;
use crate::otlp::client::Client;
use crate::otlp::deliver::Urgency;
use crate::otlp::encode;
use crate::otlp::flush::Flush;
use crate::otlp::report::Report;
use crate::otlp::settings::Settings;
use crate::otlp::worker::{LAST_WORDS, Order, State, Worker};
use crate::trace::{Receiver, Tracer};

/// How long a flush takes at most.
const LONGEST_FLUSH: Duration = Duration::from_secs(3600);

/// How much longer than the flush itself the caller waits for its result.
const ANSWER: Duration = Duration::from_millis(100);

/// Exports the spans of one tracer until it is dropped.
pub(crate) struct Exporter {
    tracer: &'static Tracer,
    ended: Completion,
    orders: UnboundedSender<Order>,
    urgency: watch::Sender<Urgency>,
    /// The collector's, as it may be shown.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    address: String,
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
        let (to, delay, timeout) = (settings.to, settings.delay, settings.timeout);
        let encoded = encode::resource(resource);
        let batches = Batches::new(tracer, receiver, encoded, settings.batch);
        // First, since it may be refused: where this is called no runtime may be dropped.
        let client = Arc::new(Client::new(settings)?);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::exporter)?;
        let (sender, orders) = mpsc::unbounded_channel();
        let (urgency, urgencies) = watch::channel(Urgency::default());
        let address = client.address();
        let worker = Worker {
            tracer,
            batches,
            service: service(resource),
            to,
            delay,
            timeout,
            report: Report::new(address.clone()),
            client,
            exported: resolve(registry.own(catalog::SPANS_EXPORTED), &[]),
            urgency: urgencies,
            state: State::default(),
        };
        let thread = thread::Builder::new().name("monitoring-spans".into());
        let ended = Completion::default();
        let completer = ended.completer();
        let work = move || {
            runtime.block_on(worker.run(orders));
            runtime.shutdown_background(); // a name lookup may hang
            completer.complete(true);
        };
        thread.spawn(work).map_err(Error::exporter)?;
        Ok(Self {
            tracer,
            ended,
            orders: sender,
            urgency,
            address,
        })
    }

    /// Sends all that waits. What is returned resolves to whether that was done by then.
    pub(crate) fn flush(&self, within: Duration) -> oneshot::Receiver<bool> {
        self.flushed(within, false)
    }

    /// The same where the process may end after it: what was not sent is reported.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) fn flush_last(&self, within: Duration) -> oneshot::Receiver<bool> {
        self.flushed(within, true)
    }

    fn flushed(&self, within: Duration, is_last: bool) -> oneshot::Receiver<bool> {
        let (done, wait) = oneshot::channel();
        let then = move |is_sent| {
            let _ = done.send(is_sent);
        };
        self.order(within, is_last, then);
        wait
    }

    /// Sends all that waits at the end of the process, says what was not sent, and waits for that: two seconds at most. Also where a thread ends.
    pub(crate) fn finish(&self) {
        let completion = Completion::default();
        let completer = completion.completer();
        self.order(LAST_WORDS, true, |is_sent| completer.complete(is_sent));
        completion.wait(LAST_WORDS + ANSWER);
    }

    fn order(&self, within: Duration, is_last: bool, done: impl FnOnce(bool) + Send + 'static) {
        let now = Instant::now();
        let by = now.checked_add(within).unwrap_or(now + LONGEST_FLUSH);
        let _ = self
            .orders
            .send(Order::Flush(Flush::new(by, is_last, done)));
        self.urgency.send_modify(|urgency| urgency.flushes += 1);
    }

    /// The collector's address, as it may be shown.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Spans that have not arrived.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) fn unsent(&self) -> usize {
        self.tracer.unsettled()
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let end = Some(Instant::now() + LAST_WORDS);
        self.urgency.send_modify(|urgency| urgency.end = end);
        let _ = self.orders.send(Order::Stop);
        // By itself no longer than LAST_WORDS, but for a console whose reader has stopped.
        self.ended.wait(LAST_WORDS + ANSWER);
    }
}

/// The name of the service that a resource is.
fn service(resource: &[(String, String)]) -> String {
    let name = resource.iter().find(|(key, _)| key == "service.name");
    name.map(|(_, name)| name.clone()).unwrap_or_default()
}
