//! The thread that exports: takes what waits, sends it, and counts what is lost.
//!
//! A batch is sent when as many spans wait as make one, when the schedule says so, or on a flush. While collectors answer, up to
//! four batches are under way at a time; after a failure one, until it is taken.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use crate::metrics::Counter;
use crate::otlp::batch::{Batch, Batches};
use crate::otlp::client::{Client, Failure};
use crate::otlp::console;
use crate::otlp::deliver::{Patience, Urgency, deliver};
use crate::otlp::encode::Accepted;
use crate::otlp::flush::{Flush, Flushes};
use crate::otlp::report::Report;
use crate::otlp::settings::To;
use crate::trace::{BATCHES_AHEAD, Tracer};

/// The least time that a batch has during a flush, unless the time limit of a request is shorter.
const LEAST: Duration = Duration::from_secs(1);

/// How long what waits at the end may take to be sent.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(2);

pub(super) enum Order {
    Flush(Flush),
    Stop,
}

pub(super) struct Worker {
    pub(super) tracer: &'static Tracer,
    pub(super) batches: Batches,
    pub(super) client: Arc<Client>,
    /// The service's name.
    pub(super) service: String,
    pub(super) to: To,
    /// How long spans wait for others.
    pub(super) delay: Duration,
    /// How long a batch may take, its repetitions included.
    pub(super) timeout: Duration,
    pub(super) exported: Counter,
    pub(super) urgency: watch::Receiver<Urgency>,
    pub(super) report: Report,
    pub(super) state: State,
}

/// How far the worker is.
#[derive(Default)]
pub(super) struct State {
    under_way: Vec<UnderWay>,
    /// Batches that may be under way besides the first: one more each time that one was taken.
    trust: usize,
    /// Spans that were taken so far.
    taken: u64,
    /// Spans that are to be sent though they do not make a batch.
    wanted: usize,
    flushes: Flushes,
    /// Spans that are taken before this many are have been reported as not exported, when a last flush was out of time.
    reported: u64,
    /// Spans for which there was no room, as far as it was noticed.
    overflowed: u64,
}

/// A batch under way.
struct UnderWay {
    /// How many spans were taken before it.
    first: u64,
    spans: usize,
    delivery: Pin<Box<dyn Future<Output = Result<Accepted, Failure>> + Send>>,
}

impl Worker {
    /// Exports until it is stopped.
    pub(super) async fn run(mut self, mut orders: UnboundedReceiver<Order>) {
        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        self.tracer.exported_by(waker);
        let mut due = Instant::now() + self.delay;
        loop {
            self.start_batches();
            self.answer_flushes();
            let (tracer, can_start, next) = (self.tracer, self.can_start(), self.next_moment(due));
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Flush(flush)) => self.flush(flush),
                    Some(Order::Stop) | None => break,
                },
                (batch, result) = arrived(&mut self.state.under_way) => self.settle(batch, result),
                // Not where nothing can be done about it: then everybody would go on calling.
                () = called(tracer), if can_start => {}
                () = tokio::time::sleep_until(next.into()) => {}
            }
            if Instant::now() >= due {
                self.state.wanted = self.batches.waiting();
                due = Instant::now() + self.delay;
                self.notice_overflow();
                self.report.say_due();
            }
        }
        self.end().await;
    }

    /// Sends what waits, for a short time, and gives up the rest.
    async fn end(mut self) {
        let end = self.urgency.borrow().end;
        let by = end.unwrap_or_else(|| Instant::now() + LAST_WORDS);
        self.state.flushes.end_by(by);
        self.flush(Flush::new(by, true, |_| ()));
        loop {
            self.start_batches();
            self.answer_flushes();
            if self.state.flushes.is_empty() {
                break;
            }
            let next = self.next_moment(by);
            tokio::select! {
                (batch, result) = arrived(&mut self.state.under_way) => self.settle(batch, result),
                () = tokio::time::sleep_until(next.into()) => {}
            }
        }
        let under_way = self.state.under_way.iter().map(|one| one.spans);
        let lost = under_way.sum::<usize>() + self.batches.give_up();
        if lost > 0 {
            self.tracer.dropped("shutdown", lost);
            self.batches.settle(lost);
        }
    }

    /// The next moment at which there is something to do unless something happens before.
    fn next_moment(&self, due: Instant) -> Instant {
        let times = self.state.flushes.times();
        times.chain(self.client.throttled()).fold(due, Instant::min)
    }

    /// Whether one batch more may be sent now.
    fn can_start(&self) -> bool {
        self.state.under_way.len() <= self.state.trust && self.client.throttled().is_none()
    }

    fn start_batches(&mut self) {
        if self.to == To::Console {
            return self.write_console();
        }
        while (self.state.wanted > 0 || self.batches.is_pressing()) && self.can_start() {
            match self.batches.take() {
                Some(batch) => self.start(batch),
                None => {
                    self.state.wanted = 0;
                    return;
                }
            }
        }
    }

    fn start(&mut self, batch: Batch) {
        let Batch { request, spans } = batch;
        let body = self.client.body(request);
        let (client, patience) = (Arc::clone(&self.client), self.patience());
        let mut urgency = self.urgency.clone();
        let delivery = async move { deliver(&client, body, patience, &mut urgency).await };
        self.state.under_way.push(UnderWay {
            first: self.state.taken,
            spans,
            delivery: Box::pin(delivery),
        });
        self.take(spans);
    }

    /// Counts spans that were taken.
    fn take(&mut self, spans: usize) {
        self.state.taken += spans as u64;
        self.state.wanted = self.state.wanted.saturating_sub(spans);
    }

    /// Each batch has its own time: one that is slow does not take it from the next. During a flush it has less.
    fn patience(&self) -> Patience {
        let now = Instant::now();
        let (least, most) = (now + self.timeout.min(LEAST), now + self.timeout);
        match self.state.flushes.times().max() {
            None => Patience {
                by: most,
                is_patient: true,
            },
            Some(by) => Patience {
                by: by.clamp(least, most),
                is_patient: false,
            },
        }
    }

    fn write_console(&mut self) {
        while self.state.wanted > 0 || self.batches.is_pressing() {
            let Some(traces) = self.batches.take_traces() else {
                self.state.wanted = 0;
                return;
            };
            let spans = traces.spans.len();
            console::write(&self.service, &[traces]);
            self.take(spans);
            self.batches.settle(spans);
            self.exported.add(spans as u64);
        }
    }

    /// What became of a batch.
    fn settle(&mut self, batch: UnderWay, result: Result<Accepted, Failure>) {
        let UnderWay { first, spans, .. } = batch;
        self.batches.settle(spans);
        match result {
            Ok(accepted) => {
                let rejected = usize::try_from(accepted.rejected).map_or(spans, |n| n.min(spans));
                self.exported.add((spans - rejected) as u64);
                if rejected > 0 {
                    self.tracer.dropped("rejected", rejected);
                    self.report.rejected(rejected, &accepted.why);
                }
                self.state.trust = (self.state.trust + 1).min(BATCHES_AHEAD - 1);
            }
            Err(failure) => {
                self.tracer.dropped("export_failed", spans);
                if first >= self.state.reported {
                    self.report.failed(spans, &failure.why);
                }
                self.state.trust = 0;
                self.state.flushes.failed(first, &failure);
            }
        }
        if !self.state.flushes.has_last() {
            self.report.say_due();
        }
    }

    /// Somebody wants what waits now to be sent.
    fn flush(&mut self, flush: Flush) {
        let waiting = self.batches.waiting();
        self.state.wanted = waiting;
        let until = self.state.taken + waiting as u64;
        self.state.flushes.add(flush, until);
    }

    /// Answers those whose spans were sent, or will not be by then.
    fn answer_flushes(&mut self) {
        let mut flushes = std::mem::take(&mut self.state.flushes);
        let settled = flushes.settled(|until| self.unsent(0, until), |by| self.is_late(by));
        self.state.flushes = flushes;
        let mut is_any_given_up = false;
        for settled in settled {
            let is_sent = settled.is_sent();
            let until = settled.flush.until;
            if settled.flush.is_last {
                self.notice_overflow();
                let why = settled.why.as_deref();
                let why = why.unwrap_or("it does not take them in time");
                self.report
                    .say_all(self.unsent(self.state.reported, until), why);
                if settled.unsent > 0 {
                    self.state.reported = self.state.reported.max(until);
                }
            }
            is_any_given_up |= !is_sent;
            (settled.flush.done)(is_sent);
        }
        if is_any_given_up {
            // Other flushes still need theirs. The rest waits for the schedule.
            let wanted = self.state.flushes.until();
            self.state.wanted = wanted.saturating_sub(self.state.taken) as usize;
        }
    }

    /// Spans of these places in the order in which they are taken that have not arrived.
    fn unsent(&self, from: u64, until: u64) -> usize {
        let under_way = self.state.under_way.iter();
        let under_way = under_way.filter(|one| (from..until).contains(&one.first));
        let waiting = until.saturating_sub(self.state.taken.max(from));
        waiting as usize + under_way.map(|one| one.spans).sum::<usize>()
    }

    /// Whether nothing can be sent by then.
    fn is_late(&self, by: Instant) -> bool {
        let now = Instant::now();
        let idle = self.state.under_way.is_empty();
        by <= now || (idle && self.client.throttled().is_some_and(|until| until >= by))
    }

    fn notice_overflow(&mut self) {
        let overflowed = self.tracer.overflowed();
        let new = overflowed.saturating_sub(self.state.overflowed);
        self.report
            .overflowed(usize::try_from(new).unwrap_or(usize::MAX));
        self.state.overflowed = overflowed;
    }
}

/// Resolves when the tracer has woken the exporter.
async fn called(tracer: &Tracer) {
    poll_fn(|_| match tracer.was_called() {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// The first batch that is not under way any more, and what became of it.
async fn arrived(under_way: &mut Vec<UnderWay>) -> (UnderWay, Result<Accepted, Failure>) {
    poll_fn(|cx| {
        for place in 0..under_way.len() {
            if let Poll::Ready(result) = under_way[place].delivery.as_mut().poll(cx) {
                return Poll::Ready((under_way.swap_remove(place), result));
            }
        }
        Poll::Pending
    })
    .await
}
