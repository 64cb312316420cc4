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

/// What is in the queue.
#[derive(Default)]
struct Waiting {
    spans: AtomicUsize,
    bytes: AtomicUsize,
}

/// A queue for so many spans.
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
    /// Puts spans in, or gives back how many found no room. A trace with more spans than there is room for is taken where nothing else waits.
    pub(crate) fn put(&self, finished: Finished) -> Result<(), usize> {
        let (number, bytes) = (finished.spans.len(), finished.bytes);
        let Waiting {
            spans,
            bytes: of_all,
        } = &*self.waiting;
        let before = spans.fetch_add(number, Ordering::Relaxed);
        let has_room = before == 0 || before + number <= self.most;
        of_all.fetch_add(bytes, Ordering::Relaxed);
        if has_room && self.sender.try_send(finished).is_ok() {
            return Ok(());
        }
        spans.fetch_sub(number, Ordering::Relaxed);
        of_all.fetch_sub(bytes, Ordering::Relaxed);
        Err(number)
    }

    /// Spans that wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.spans.load(Ordering::Relaxed)
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        self.waiting.bytes.load(Ordering::Relaxed)
    }
}

impl Receiver {
    /// Takes some out, if there are any.
    pub(crate) fn take(&self) -> Option<Finished> {
        let finished = self.receiver.try_recv().ok()?;
        let Waiting { spans, bytes } = &*self.waiting;
        spans.fetch_sub(finished.spans.len(), Ordering::Relaxed);
        bytes.fetch_sub(finished.bytes, Ordering::Relaxed);
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
        assert_eq!(queue.put(finished(5)), Ok(()));
        assert!(receiver.take().is_some() && receiver.take().is_some());
        assert!(receiver.take().is_none());
        assert_eq!((queue.len(), queue.bytes()), (0, 0));
    }

    #[test]
    fn a_trace_with_more_spans_than_there_is_room_for_is_taken_alone() {
        let (queue, receiver) = queue(10);
        assert_eq!(queue.put(finished(11)), Ok(()));
        assert_eq!(queue.put(finished(1)), Err(1));
        assert_eq!(receiver.take().map(|taken| taken.spans.len()), Some(11));
        assert_eq!(queue.put(finished(1)), Ok(()));
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
