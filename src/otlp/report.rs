//! Warnings about spans that were not exported: how many, to which address, and why.

use std::time::{Duration, Instant};

use crate::catalog;
use crate::trace::has_reader;

/// The least time between two warnings about the same kind of loss.
const SAY_AGAIN: Duration = Duration::from_secs(600);

/// Lost spans that are not reported yet.
pub(super) struct Report {
    /// The collector's address, without what may be secret.
    address: String,
    failed: Loss,
    rejected: Loss,
    overflowed: Loss,
}

/// Spans that were lost in one way.
#[derive(Default)]
struct Loss {
    /// Those not reported so far.
    spans: usize,
    /// Why the last of them were lost.
    why: String,
    said: Option<Instant>,
}

impl Report {
    pub(super) fn new(address: String) -> Self {
        Self {
            address,
            failed: Loss::default(),
            rejected: Loss::default(),
            overflowed: Loss::default(),
        }
    }

    /// Spans that could not be delivered.
    pub(super) fn failed(&mut self, spans: usize, why: &str) {
        self.failed.add(spans, why);
    }

    /// Spans that the collector did not take.
    pub(super) fn rejected(&mut self, spans: usize, why: &str) {
        self.rejected.add(spans, why);
    }

    /// Spans for which there was no room.
    pub(super) fn overflowed(&mut self, spans: usize) {
        self.overflowed.add(spans, "");
    }

    /// Logs the losses that are due, if `tracing` has a subscriber.
    pub(super) fn say_due(&mut self) {
        if has_reader() {
            self.say(Loss::due);
        }
    }

    /// Reports all remaining losses at the end: to standard error where `tracing` has no subscriber. `unsent` spans are still queued.
    pub(super) fn say_all(&mut self, unsent: usize, why: &str) {
        self.failed.add(unsent, why);
        self.say(Loss::any);
    }

    fn say(&mut self, which: fn(&mut Loss) -> Option<usize>) {
        let address = &self.address;
        if let Some(spans) = which(&mut self.failed) {
            let why = &self.failed.why;
            warn(
                spans,
                &format!(
                    "{} not exported to {address}: {why}. OTEL_EXPORTER_OTLP_ENDPOINT names another collector, \
                     OTEL_TRACES_EXPORTER=none turns spans off",
                    spans_were(spans)
                ),
            );
        }
        if let Some(spans) = which(&mut self.rejected) {
            let why = match self.rejected.why.as_str() {
                "" => "it gave no reason",
                why => why,
            };
            let what = format!("{} rejected by {address}: {why}", spans_were(spans));
            warn(spans, &what);
        }
        if let Some(spans) = which(&mut self.overflowed) {
            warn(
                spans,
                &format!(
                    "{} dropped before they were sent to {address}: there was no room for them. \
                     OTEL_BSP_MAX_QUEUE_SIZE makes more; {} has the reason",
                    spans_were(spans),
                    catalog::SPANS_DROPPED.name()
                ),
            );
        }
    }
}

impl Loss {
    fn add(&mut self, spans: usize, why: &str) {
        if spans > 0 {
            self.spans += spans;
            why.clone_into(&mut self.why);
        }
    }

    /// How many are not reported yet, if any.
    fn any(&mut self) -> Option<usize> {
        let spans = std::mem::take(&mut self.spans);
        (spans > 0).then(|| {
            self.said = Some(Instant::now());
            spans
        })
    }

    /// The same, if the last report is old enough.
    fn due(&mut self) -> Option<usize> {
        let is_due = self.said.is_none_or(|said| said.elapsed() >= SAY_AGAIN);
        is_due.then(|| self.any()).flatten()
    }
}

/// How many, as a sentence begins.
pub(crate) fn spans_were(number: usize) -> String {
    match number {
        1 => "1 span was".to_owned(),
        number => format!("{number} spans were"),
    }
}

fn warn(spans: usize, what: &str) {
    if has_reader() {
        tracing::warn!(spans, "{what}");
    } else {
        eprintln!("{what}");
    }
}
