//! What waits to be exported: bounded, and never waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender};

use crate::trace::span::Finished;

/// Where finished spans are put. The other side never waits in it, so that there is nobody to wake under a lock.
pub(crate) struct Queue {
    sender: SyncSender<Finished>,
    waiting: Arc<Waiting>,
    most: usize,
}

/// Where they are taken out.
pub(crate) struct Receiver {
    receiver: mpsc::Receiver<Finished>,
    waiting: Arc<Waiting>,
}

/// What was put in and has not been settled: exported, or lost.
#[derive(Default)]
struct Waiting {
    spans: AtomicUsize,
    /// Those of them that were taken out, which only the other side changes.
    taken: AtomicUsize,
    /// Bytes of those that were not.
    bytes: AtomicUsize,
}

/// A queue for so many spans, those included that were taken out and are not settled.
pub(crate) fn queue(most: usize) -> (Queue, Receiver) {
    let (sender, receiver) = mpsc::sync_channel(most);
    let waiting = Arc::<Waiting>::default();
    let queue = Queue {
        sender,
        waiting: Arc::clone(&waiting),
        most,
    };
    (queue, Receiver { receiver, waiting })
}

impl Queue {
    /// Puts spans in, or gives back how many found no room. Where nothing else is in the queue, a trace may have more spans than there is room for.
    pub(crate) fn put(&self, finished: Finished) -> Result<(), usize> {
        let (number, bytes) = (finished.spans.len(), finished.bytes);
        let waiting = &*self.waiting;
        let before = waiting.spans.fetch_add(number, Ordering::Relaxed);
        let is_alone = before == waiting.taken.load(Ordering::Relaxed);
        let has_room = is_alone || before + number <= self.most;
        waiting.bytes.fetch_add(bytes, Ordering::Relaxed);
        if has_room && self.sender.try_send(finished).is_ok() {
            return Ok(());
        }
        waiting.spans.fetch_sub(number, Ordering::Relaxed);
        waiting.bytes.fetch_sub(bytes, Ordering::Relaxed);
        Err(number)
    }

    /// Spans in the queue.
    pub(crate) fn len(&self) -> usize {
        let taken = self.waiting.taken.load(Ordering::Relaxed);
        self.unsettled().saturating_sub(taken)
    }

    /// The same, and those that were taken out and are not settled.
    pub(crate) fn unsettled(&self) -> usize {
        self.waiting.spans.load(Ordering::Relaxed)
    }

    /// Bytes of the spans in the queue.
    pub(crate) fn bytes(&self) -> usize {
        self.waiting.bytes.load(Ordering::Relaxed)
    }
}

impl Receiver {
    /// Takes some out, if there are any; they are to be settled.
    pub(crate) fn take(&self) -> Option<Finished> {
        let finished = self.receiver.try_recv().ok()?;
        let Waiting { taken, bytes, .. } = &*self.waiting;
        taken.fetch_add(finished.spans.len(), Ordering::Relaxed);
        bytes.fetch_sub(finished.bytes, Ordering::Relaxed);
        Some(finished)
    }

    /// So many spans that were taken out are exported, or lost: there is room for others.
    pub(crate) fn settle(&self, number: usize) {
        self.waiting.spans.fetch_sub(number, Ordering::Relaxed);
        self.waiting.taken.fetch_sub(number, Ordering::Relaxed);
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
            bytes: 100 * spans,
        }
    }

    #[test]
    fn there_are_never_more_spans_than_there_is_room_for() {
        let (queue, receiver) = queue(10);
        assert_eq!(queue.put(finished(6)), Ok(()));
        assert_eq!(queue.put(finished(5)), Err(5));
        assert_eq!(queue.put(finished(4)), Ok(()));
        assert_eq!(queue.put(finished(1)), Err(1));
        assert_eq!((queue.len(), queue.bytes()), (10, 1_000));
        assert_eq!(receiver.take().map(|taken| taken.spans.len()), Some(6));
        assert_eq!((queue.len(), queue.bytes()), (4, 400));
        assert_eq!((queue.unsettled(), queue.put(finished(1))), (10, Err(1)));
        receiver.settle(6);
        assert_eq!(queue.unsettled(), 4);
        assert_eq!(queue.put(finished(5)), Ok(()));
        assert!(receiver.take().is_some() && receiver.take().is_some());
        assert!(receiver.take().is_none());
        assert_eq!((queue.len(), queue.bytes(), queue.unsettled()), (0, 0, 9));
    }

    #[test]
    fn a_trace_with_more_spans_than_there_is_room_for_is_taken_alone() {
        let (queue, receiver) = queue(10);
        assert_eq!(queue.put(finished(11)), Ok(()));
        assert_eq!(queue.put(finished(1)), Err(1));
        assert_eq!(receiver.take().map(|taken| taken.spans.len()), Some(11));
        assert_eq!(queue.put(finished(1)), Ok(()));
        assert_eq!(queue.put(finished(1)), Err(1));
        receiver.settle(11);
        assert_eq!(queue.put(finished(11)), Err(11));
        assert_eq!((queue.len(), queue.bytes()), (1, 100));
    }

    #[test]
    fn nobody_waits_when_the_other_side_is_gone() {
        let (queue, receiver) = queue(10);
        drop(receiver);
        assert_eq!(queue.put(finished(1)), Err(1));
    }
}
