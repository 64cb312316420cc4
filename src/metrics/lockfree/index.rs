//! A hash index that only grows: finding takes no lock and compares the whole key.
//!
//! It is a row of tables, each four times as large as the one before and at most half full. A table
//! never moves, so a reader needs nothing but the slots; the bound on entries is the owner's.

use crate::metrics::lockfree::sync::{OnceLock, OnceRef};

const FIRST_TABLE: usize = 32;
const TABLES: usize = 14;

type Table<T> = Box<[OnceRef<'static, T>]>;

/// Finds values that live as long as the process by a 64-bit hash and a comparison.
pub(crate) struct Index<T: 'static> {
    tables: [OnceLock<Table<T>>; TABLES],
}

impl<T> Index<T> {
    pub(crate) fn new() -> Self {
        Self {
            tables: std::array::from_fn(|_| OnceLock::new()),
        }
    }

    /// The value with this hash for which `is` holds.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<&'static T> {
        for table in &self.tables {
            let slots = table.get()?;
            let mut at = hash as usize;
            while let Some(value) = slots[at & (slots.len() - 1)].get() {
                if is(value) {
                    return Some(value);
                }
                at = at.wrapping_add(1);
            }
        }
        None
    }

    /// Adds a value. The caller lets in one writer at a time, and has looked that it is new.
    ///
    /// `count` is the number of values added before.
    pub(crate) fn insert(&self, count: usize, hash: u64, value: &'static T) {
        let (mut size, mut room, mut before) = (FIRST_TABLE, FIRST_TABLE / 2, 0);
        for table in &self.tables {
            if count < before + room {
                let slots = table.get_or_init(|| (0..size).map(|_| OnceRef::new()).collect());
                let free = probe(slots, hash).find(|slot| slot.get().is_none());
                if let Some(slot) = free {
                    let _ = slot.set(value);
                }
                return;
            }
            before += room;
            size *= 4;
            room = size / 2;
        }
    }
}

/// The slots to look at, in order: linear probing from the hash.
#[inline]
fn probe<T>(slots: &[T], hash: u64) -> impl Iterator<Item = &T> {
    let mask = slots.len() - 1;
    (0..slots.len()).map(move |step| &slots[(hash as usize).wrapping_add(step) & mask])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaked(value: u64) -> &'static u64 {
        Box::leak(Box::new(value))
    }

    #[test]
    fn finds_each_of_many_through_all_tables() {
        let index = Index::new();
        let hash = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for n in 0..10_000 {
            index.insert(n as usize, hash(n), leaked(n));
        }
        for n in 0..10_000 {
            assert_eq!(index.find(hash(n), |found| *found == n), Some(&n));
        }
        assert_eq!(index.find(hash(10_000), |found| *found == 10_000), None);
    }

    #[test]
    fn equal_hashes_are_told_apart_by_the_key() {
        let index = Index::new();
        for n in 0..16 {
            index.insert(n as usize, 7, leaked(n));
        }
        for n in 0..16 {
            assert_eq!(index.find(7, |found| *found == n), Some(&n));
        }
        assert_eq!(index.find(7, |found| *found == 99), None);
    }
}
