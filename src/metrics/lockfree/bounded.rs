//! Values found by a key without a lock, added under one, and never more than a cap.

use crate::metrics::lockfree::index::Index;
use crate::metrics::lockfree::list::AppendList;
use crate::metrics::lockfree::sync::{AtomicBool, Mutex, Ordering, PoisonError};

/// Values that live as long as the process, in the order in which they were added.
pub(crate) struct Bounded<T: 'static> {
    cap: usize,
    index: Index<T>,
    all: AppendList<T>,
    count: Mutex<usize>,
    /// Whether the cap is reached: what is new then takes no lock.
    full: AtomicBool,
}

impl<T> Bounded<T> {
    /// Room for so many values.
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            cap,
            index: Index::new(),
            all: AppendList::new(),
            count: Mutex::new(0),
            full: AtomicBool::new(false),
        }
    }

    /// The value with this hash for which `is` holds. Takes no lock.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<&'static T> {
        self.index.find(hash, is)
    }

    /// Adds the value with this hash for which `is` holds, unless it was added meanwhile. `None`: it is not there, nor is there room for it.
    ///
    /// `admit` is told of a new one before others can find it.
    pub(crate) fn add(
        &'static self,
        hash: u64,
        is: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
        admit: impl FnOnce(&'static T),
    ) -> Option<&'static T> {
        if self.full.load(Ordering::Acquire) {
            return self.index.find(hash, is); // it may have been the last for which there was room
        }
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = self.index.find(hash, is) {
            return Some(known);
        }
        if *count >= self.cap {
            self.full.store(true, Ordering::Release);
            return None;
        }
        let value = self.all.push(make());
        admit(value);
        self.index.insert(*count, hash, value);
        *count += 1;
        Some(value)
    }

    /// All values, in order. Takes no lock.
    #[inline]
    pub(crate) fn iter(&'static self) -> impl Iterator<Item = &'static T> + Clone {
        self.all.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_each_once_and_no_more_than_there_is_room_for() {
        let bounded: &'static Bounded<u64> = Box::leak(Box::new(Bounded::new(100)));
        let added = std::thread::scope(|scope| {
            let work = || {
                let add = |n: u64| bounded.add(n, |known| *known == n, || n, |_| {});
                (0..150).filter_map(add).count()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            let added = threads.into_iter().map(|thread| thread.join().unwrap());
            added.max()
        });
        assert_eq!(bounded.iter().count(), 100);
        assert!(added <= Some(100));
        for n in bounded.iter() {
            assert_eq!(bounded.find(*n, |known| known == n), Some(n));
        }
        let mut all: Vec<u64> = bounded.iter().copied().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 100);
    }
}
