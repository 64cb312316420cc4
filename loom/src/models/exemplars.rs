//! An exemplar is whole, whoever writes beside its reader.

use loom::sync::Arc;
use loom::thread;

use super::check;
use crate::metrics::cells::exemplar::{Exemplar, Slot};
use crate::metrics::cells::timestamp::Timestamp;

/// An exemplar of which every part tells the same number, so that a mixture of two is seen.
fn exemplar(number: u64) -> Exemplar {
    Exemplar {
        trace: [number, number],
        span: number,
        value: number,
        at: Timestamp(number * 2_000_000_000), // each old enough to be replaced by the next
    }
}

fn assert_whole(found: Option<Exemplar>) {
    if let Some(found) = found {
        assert_eq!(found, exemplar(found.value));
    }
}

pub fn a_reader_sees_whole_ones_only() {
    check(|| {
        let slot = Arc::new(Slot::new());
        slot.offer(exemplar(1));
        let writer = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || {
                slot.offer(exemplar(2));
                slot.offer(exemplar(3));
            })
        };
        assert_whole(slot.read());
        writer.join().unwrap();
        assert_eq!(slot.read(), Some(exemplar(3)));
    });
}

pub fn two_writers_never_make_a_mixture() {
    check(|| {
        let slot = Arc::new(Slot::new());
        let writers = [1, 2].map(|number| {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.offer(exemplar(number)))
        });
        assert_whole(slot.read());
        for writer in writers {
            writer.join().unwrap();
        }
        let last = slot.read();
        assert_whole(last);
        assert!(last.is_some(), "one of the two was let in");
    });
}
