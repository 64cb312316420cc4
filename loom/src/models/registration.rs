//! What is added is added once, and found as a whole by those who look without a lock.

use loom::sync::Arc;
use loom::thread;

use super::check;
use crate::metrics::lockfree::bounded::Bounded;

/// A value of which both parts tell the same number.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Value(u64, u64);

struct Known(&'static Bounded<Value>);

impl Known {
    fn with_room_for(cap: usize) -> Arc<Self> {
        // Lives as long as the process, as all that is registered.
        Arc::new(Self(Box::leak(Box::new(Bounded::new(cap)))))
    }

    fn add(&self, n: u64) -> Option<Value> {
        let is = |value: &Value| value.0 == n;
        self.0.add(n, is, || Value(n, n), |_| {}).copied()
    }

    fn find(&self, n: u64) -> Option<Value> {
        self.0.find(n, |value| value.0 == n).copied()
    }
}

pub fn two_who_add_the_same_get_the_same() {
    check(|| {
        let known = Known::with_room_for(4);
        let writers = [1, 1].map(|n| {
            let known = Arc::clone(&known);
            thread::spawn(move || assert_eq!(known.add(n), Some(Value(n, n))))
        });
        if let Some(found) = known.find(1) {
            assert_eq!(found, Value(1, 1));
        }
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(known.0.iter().count(), 1);
        assert_eq!(known.find(1), Some(Value(1, 1)));
    });
}

pub fn there_is_never_more_than_there_is_room_for() {
    check(|| {
        let known = Known::with_room_for(1);
        let writers = [1, 2].map(|n| {
            let known = Arc::clone(&known);
            thread::spawn(move || known.add(n).is_some())
        });
        let seen = known.0.iter().count();
        assert!(seen <= 1, "{seen}");
        let added = writers.map(|writer| writer.join().unwrap());
        assert_eq!(added.iter().filter(|was_added| **was_added).count(), 1);
        assert_eq!(known.0.iter().count(), 1);
    });
}

/// Also when another one takes the last room in between.
pub fn what_was_added_is_not_refused() {
    check(|| {
        let known = Known::with_room_for(1);
        let others = [1, 2].map(|n| {
            let known = Arc::clone(&known);
            thread::spawn(move || known.find(n).or_else(|| known.add(n)).is_some())
        });
        let mine = known.find(1).or_else(|| known.add(1)).is_some();
        let [same, _] = others.map(|other| other.join().unwrap());
        if known.find(1).is_some() {
            assert!(mine && same);
        }
    });
}

/// Whoever finds a value also meets it in the list.
pub fn what_is_found_is_in_the_list() {
    check(|| {
        let known = Known::with_room_for(4);
        let writer = {
            let known = Arc::clone(&known);
            thread::spawn(move || (1..=2).for_each(|n| assert_eq!(known.add(n), Some(Value(n, n)))))
        };
        let found = known.find(2);
        let listed: Vec<Value> = known.0.iter().copied().collect();
        assert_eq!(listed, [Value(1, 1), Value(2, 2)][..listed.len()]);
        assert!(found.is_none() || listed.len() == 2);
        writer.join().unwrap();
        assert_eq!(known.0.iter().count(), 2);
    });
}
