//! What is sent at a time: spans are taken from the queue and encoded until a request is full.

use crate::otlp::encode::TraceRequest;
use crate::trace::{Finished, Receiver, Tracer};

/// Bytes after which a request is full: collectors of gRPC take 4 MiB unless they are configured otherwise.
pub(crate) const FULL: usize = 1 << 20;

/// Takes spans from the queue.
pub(super) struct Batches {
    tracer: &'static Tracer,
    receiver: Receiver,
    /// What the request begins with.
    resource: Vec<u8>,
    /// Spans of a request.
    most: usize,
    /// Spans of one trace, of which some did not fit into the last request, and how many did.
    rest: Option<(Finished, usize)>,
    /// Bytes of the last request: the next one most likely is as long.
    expected: usize,
}

/// Spans on their way.
pub(super) struct Batch {
    /// The encoded request.
    pub(super) request: Vec<u8>,
    pub(super) spans: usize,
}

impl Batches {
    pub(super) fn new(
        tracer: &'static Tracer,
        receiver: Receiver,
        resource: Vec<u8>,
        most: usize,
    ) -> Self {
        Self {
            tracer,
            receiver,
            resource,
            most,
            rest: None,
            expected: 4096,
        }
    }

    /// Spans that wait to be taken.
    pub(super) fn waiting(&self) -> usize {
        let rest = self.rest.as_ref();
        self.tracer.waiting() + rest.map_or(0, |(finished, done)| finished.spans.len() - done)
    }

    /// Whether as many wait as make a request.
    pub(super) fn is_pressing(&self) -> bool {
        self.tracer.is_pressing() || self.waiting() >= self.most
    }

    /// Takes out as many spans as make a request, if there are any.
    pub(super) fn take(&mut self) -> Option<Batch> {
        let (mut traces, mut done) = match self.rest.take() {
            Some(rest) => rest,
            None => (self.next()?, 0),
        };
        let mut request = TraceRequest::begin(&self.resource, self.expected);
        let mut spans = 0;
        loop {
            while done < traces.spans.len() && spans < self.most && request.len() < FULL {
                request.span(&traces, done);
                (done, spans) = (done + 1, spans + 1);
            }
            if done < traces.spans.len() {
                self.rest = Some((traces, done));
                break;
            }
            self.tracer.release(traces.bytes);
            if spans >= self.most || request.len() >= FULL {
                break;
            }
            match self.next() {
                Some(next) => (traces, done) = (next, 0),
                None => break,
            }
        }
        let request = request.end();
        self.expected = request.len() + request.len() / 8;
        Some(Batch { request, spans })
    }

    /// Takes out spans of one trace, for what does not send requests.
    pub(super) fn take_traces(&self) -> Option<Finished> {
        let finished = self.next()?;
        self.tracer.release(finished.bytes);
        Some(finished)
    }

    /// So many spans that were taken are exported, or lost.
    pub(super) fn settle(&self, spans: usize) {
        self.receiver.settle(spans);
    }

    /// Drops all that waits; gives back how many spans that were, which are to be settled.
    pub(super) fn give_up(&mut self) -> usize {
        let mut lost = 0;
        if let Some((traces, done)) = self.rest.take() {
            lost += traces.spans.len() - done;
            self.tracer.release(traces.bytes);
        }
        while let Some(traces) = self.take_traces() {
            lost += traces.spans.len();
        }
        lost
    }

    /// Spans of one trace, with its events by span: each span's are found without looking at all of them.
    fn next(&self) -> Option<Finished> {
        let mut finished = self.receiver.take()?;
        finished.events.sort_by_key(|event| event.span);
        Some(finished)
    }
}
