//! What waits to be exported: bounded, and never waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender};

use crate::trace::span::Finished;

/// Where finished spans are put. The other side never waits in it, so that there is nobody to wake under a lock.
pub(crate) struct Queue {
    sender: SyncSender<Finished>,
    spans: Arc<AtomicUsize>,
    most: usize,
}

/// Where they are taken out.
pub(crate) struct Receiver {
    receiver: mpsc::Receiver<Finished>,
    spans: Arc<AtomicUsize>,
}

/// A queue for so many spans.
pub(crate) fn queue(most: usize) -> (Queue, Receiver) {
    let (sender, receiver) = mpsc::sync_channel(most);
    let spans = Arc::new(AtomicUsize::new(0));
    let queue = Queue {
        sender,
        spans: Arc::clone(&spans),
        most,
    };
    (queue, Receiver { receiver, spans })
}

impl Queue {
    /// Puts spans in; gives back how many there are now, or how many found no room.
    pub(crate) fn put(&self, finished: Finished) -> Result<usize, usize> {
        let number = finished.spans.len();
        let before = self.spans.fetch_add(number, Ordering::Relaxed);
        if before + number <= self.most && self.sender.try_send(finished).is_ok() {
            return Ok(before + number);
        }
        self.spans.fetch_sub(number, Ordering::Relaxed);
        Err(number)
    }

    pub(crate) fn len(&self) -> usize {
        self.spans.load(Ordering::Relaxed)
    }
}

impl Receiver {
    /// Takes some out, if there are any.
    pub(crate) fn take(&self) -> Option<Finished> {
        let finished = self.receiver.try_recv().ok()?;
        self.spans
            .fetch_sub(finished.spans.len(), Ordering::Relaxed);
        Some(finished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::span::{Kind, Span, Status};

    fn finished(spans: usize) -> Finished {
        let span = |id| Span {
            id,
            parent: 0,
            name: "x".into(),
            kind: Kind::Internal,
            start: 0,
            end: 0,
            attributes: Vec::new(),
            lost: 0,
            lost_events: 0,
            status: Status::Unset,
        };
        Finished {
            trace: [1, 1],
            state: None,
            spans: (1..=spans as u64).map(span).collect(),
            events: Vec::new(),
            bytes: 0,
        }
    }

    #[test]
    fn there_are_never_more_spans_than_there_is_room_for() {
        let (queue, receiver) = queue(10);
        assert_eq!(queue.put(finished(6)), Ok(6));
        assert_eq!(queue.put(finished(5)), Err(5));
        assert_eq!(queue.put(finished(4)), Ok(10));
        assert_eq!(queue.put(finished(1)), Err(1));
        assert_eq!(receiver.take().map(|taken| taken.spans.len()), Some(6));
        assert_eq!(queue.len(), 4);
        assert_eq!(queue.put(finished(5)), Ok(9));
        assert!(receiver.take().is_some() && receiver.take().is_some());
        assert!(receiver.take().is_none());
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn nobody_waits_when_the_other_side_is_gone() {
        let (queue, receiver) = queue(10);
        drop(receiver);
        assert_eq!(queue.put(finished(1)), Err(1));
    }
}
