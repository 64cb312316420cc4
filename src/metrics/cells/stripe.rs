//! Cells that are copied per thread once they are hot, so that threads do not fight for a line.
//!
//! A cold series has one copy. When one of its cells has been written [`HOT`] times it gets a copy for
//! every stripe, and from then on each thread writes to the stripe it was given when it first
//! recorded. Reading adds the copies up. So memory follows heat, and nothing is ever moved or lost.
//!
//! Half of the stripes have one owner at a time, who adds to them with a load and a store; when that thread ends,
//! the next new one takes over. Threads that found none left share the other half, and add atomically.

use std::cell::Cell;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::metrics::lockfree::sync::OnceBox;

/// Writes to one cell after which its series gets stripes.
pub(crate) const HOT: u64 = 1 << 12;

/// Number of stripes that have an owner, and of those that are shared: a power of two, with one for each processor.
static HALF: LazyLock<usize> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    processors.next_power_of_two().min(8)
});

/// A bit for each stripe that waits for an owner.
static FREE: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new((1 << *HALF) - 1));

thread_local! {
    static MINE: Cell<Mine> = const { Cell::new(Mine::UNKNOWN) };
    static OWNED: Owned = Owned::take();
}

/// Where a thread writes: the stripe's number, doubled, and one more if the thread owns it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mine(usize);

impl Mine {
    const UNKNOWN: Self = Self(usize::MAX);

    #[inline]
    fn get() -> Self {
        let mine = MINE.get();
        if mine != Self::UNKNOWN {
            mine
        } else {
            Self::assign()
        }
    }

    #[cold]
    fn assign() -> Self {
        // A thread that is ending owns nothing any more.
        let owned = OWNED.try_with(|owned| owned.0).ok().flatten();
        let mine = owned.map_or_else(Self::shared, |stripe| Self(stripe * 2 + 1));
        MINE.set(mine);
        mine
    }

    fn shared() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        Self((*HALF + next % *HALF) * 2)
    }

    #[inline]
    fn stripe(self) -> usize {
        self.0 / 2
    }

    #[inline]
    fn is_owned(self) -> bool {
        self.0 % 2 == 1
    }
}

/// The stripe that a thread owns, given back when the thread ends.
struct Owned(Option<usize>);

impl Owned {
    fn take() -> Self {
        // Acquired from the owner before, whose stores are thereby seen.
        let taken = FREE.fetch_update(Ordering::Acquire, Ordering::Relaxed, |free| {
            (free != 0).then(|| free & (free - 1))
        });
        Self(taken.ok().map(|free| free.trailing_zeros() as usize))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(stripe) = self.0 {
            MINE.set(Mine::shared()); // for what is still recorded while the thread ends
            FREE.fetch_or(1 << stripe, Ordering::Release);
        }
    }
}

/// Adds to a cell, and returns what it held.
#[inline]
fn add(cell: &AtomicU64, n: u64, is_owned: bool) -> u64 {
    if is_owned {
        let old = cell.load(Ordering::Relaxed);
        cell.store(old.wrapping_add(n), Ordering::Relaxed);
        old
    } else {
        cell.fetch_add(n, Ordering::Relaxed)
    }
}

/// A word that two threads write without disturbing one another (out of reach of the prefetcher as well).
#[repr(align(128))]
struct Apart(AtomicU64);

/// Words on a line.
const LINE: usize = 8;

/// A cache line.
#[repr(align(64))]
struct Line([AtomicU64; LINE]);

/// Lines of zeros.
fn lines(number: usize) -> Box<[Line]> {
    (0..number)
        .map(|_| Line([const { AtomicU64::new(0) }; LINE]))
        .collect()
}

/// A count: one copy, or one for each stripe.
pub(crate) struct Count {
    first: AtomicU64,
    stripes: OnceBox<Box<[Apart]>>,
}

impl Count {
    pub(crate) const fn new() -> Self {
        Self {
            first: AtomicU64::new(0),
            stripes: OnceBox::new(),
        }
    }

    #[inline]
    pub(crate) fn add(&self, n: u64) {
        if let Some(stripes) = self.stripes.get() {
            let mine = Mine::get();
            add(&stripes[mine.stripe()].0, n, mine.is_owned());
            return;
        }
        let old = self.first.fetch_add(n, Ordering::Relaxed);
        if old.saturating_add(n) >= HOT {
            self.spread();
        }
    }

    #[cold]
    fn spread(&self) {
        let stripes = (0..2 * *HALF).map(|_| Apart(AtomicU64::new(0)));
        let _ = self.stripes.set(Box::new(stripes.collect()));
    }

    pub(crate) fn value(&self) -> u64 {
        let stripes = self.stripes.get().into_iter().flat_map(|all| all.iter());
        let copies = stripes.map(|stripe| &stripe.0);
        copies.chain([&self.first]).fold(0, |sum, cell| {
            sum.wrapping_add(cell.load(Ordering::Relaxed))
        })
    }
}

/// A row of many cells: one copy, or one for each stripe.
pub(crate) struct Rows {
    first: Box<[Line]>,
    stripes: OnceBox<Box<[Line]>>,
}

/// The copy that this thread writes to.
pub(crate) struct Row<'a> {
    lines: &'a [Line],
    is_owned: bool,
}

impl Row<'_> {
    #[inline]
    pub(crate) fn cell(&self, cell: usize) -> &AtomicU64 {
        &self.lines[cell / LINE].0[cell % LINE]
    }

    pub(crate) fn value(&self, cell: usize) -> u64 {
        self.cell(cell).load(Ordering::Relaxed)
    }

    /// Adds to a cell, and returns what it held.
    #[inline]
    pub(crate) fn add(&self, cell: usize, n: u64) -> u64 {
        add(self.cell(cell), n, self.is_owned)
    }
}

impl Rows {
    pub(crate) fn new(cells: usize) -> Self {
        Self {
            first: lines(cells.div_ceil(LINE)),
            stripes: OnceBox::new(),
        }
    }

    /// The copy that this thread writes to.
    #[inline]
    pub(crate) fn mine(&self) -> Row<'_> {
        match self.stripes.get() {
            None => Row {
                lines: &self.first,
                is_owned: false,
            },
            Some(stripes) => {
                let mine = Mine::get();
                Row {
                    lines: &stripes[mine.stripe() * self.first.len()..],
                    is_owned: mine.is_owned(),
                }
            }
        }
    }

    /// Makes a copy for each stripe; does nothing when there are some.
    #[cold]
    pub(crate) fn spread(&self) {
        if self.stripes.get().is_none() {
            let _ = self
                .stripes
                .set(Box::new(lines(2 * *HALF * self.first.len())));
        }
    }

    /// All copies.
    pub(crate) fn all(&self) -> impl Iterator<Item = Row<'_>> {
        let stripes = self.stripes.get().map_or(&[][..], |stripes| &stripes[..]);
        let rows = self.first.chunks(self.first.len());
        rows.chain(stripes.chunks(self.first.len()))
            .map(|lines| Row {
                lines,
                is_owned: false,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_has_a_stripe_and_no_two_own_one() {
        let (threads, rounds) = (3 * *HALF, 50);
        for _ in 0..rounds {
            let barrier = std::sync::Barrier::new(threads);
            let stripes: Vec<Mine> = std::thread::scope(|scope| {
                let work = || {
                    let mine = Mine::get();
                    barrier.wait();
                    mine
                };
                let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .collect()
            });
            let mut owned: Vec<_> = stripes.iter().filter(|mine| mine.is_owned()).collect();
            owned.sort_by_key(|mine| mine.stripe());
            assert!(owned.windows(2).all(|pair| pair[0] != pair[1]));
            for mine in stripes {
                assert_eq!(mine.stripe() < *HALF, mine.is_owned());
                assert!(mine.stripe() < 2 * *HALF);
            }
        }
    }

    #[test]
    fn what_a_thread_records_while_it_ends_is_counted() {
        struct Late(&'static Count);

        impl Drop for Late {
            fn drop(&mut self) {
                self.0.add(1);
            }
        }

        thread_local! {
            static LATE: Cell<Option<Late>> = const { Cell::new(None) };
        }

        let count: &'static Count = Box::leak(Box::new(Count::new()));
        count.spread();
        let record = move || {
            LATE.set(Some(Late(count)));
            count.add(1);
        };
        for _ in 0..100 {
            let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(record)).collect();
            for thread in threads {
                thread.join().unwrap(); // also waits for what it does while it ends
            }
        }
        assert_eq!(count.value(), 800);
    }
}
