//! Cells that are copied per thread once they are hot, so that threads do not fight for a line.
//!
//! A cold series has one copy. When one of its cells has been written [`HOT`] times it gets a copy for
//! every stripe, and from then on each thread writes to the stripe it was given when it first
//! recorded. Reading adds the copies up. So memory follows heat, and nothing is ever moved or lost.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};

/// Writes to one cell after which its series gets stripes.
pub(crate) const HOT: u64 = 1 << 12;

/// Number of stripes: a power of two, twice the processors so that two threads rarely share one.
static STRIPES: LazyLock<usize> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (2 * processors).next_power_of_two().clamp(2, 16)
});

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// This thread's number.
#[inline]
fn mine() -> usize {
    let mine = MINE.get();
    if mine != usize::MAX { mine } else { assign() }
}

#[cold]
fn assign() -> usize {
    let mine = NEXT.fetch_add(1, Ordering::Relaxed) & (usize::MAX >> 1);
    MINE.set(mine);
    mine
}

/// Keeps what two threads write on different cache lines (and out of reach of the prefetcher).
#[repr(align(128))]
struct Line<T>(T);

/// One copy of `T`, or one for each stripe.
pub(crate) struct Striped<T> {
    first: T,
    stripes: OnceLock<Box<[Line<T>]>>,
}

impl<T> Striped<T> {
    pub(crate) const fn new(first: T) -> Self {
        Self {
            first,
            stripes: OnceLock::new(),
        }
    }

    /// The copy that this thread writes to.
    #[inline]
    pub(crate) fn local(&self) -> &T {
        match self.stripes.get() {
            None => &self.first,
            Some(stripes) => &stripes[mine() & (stripes.len() - 1)].0,
        }
    }

    /// Makes a copy for each stripe; does nothing when there are some.
    #[cold]
    pub(crate) fn spread(&self, make: impl Fn() -> T) {
        if self.stripes.get().is_none() {
            let _ = self
                .stripes
                .set((0..*STRIPES).map(|_| Line(make())).collect());
        }
    }

    /// All copies.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        let stripes = self.stripes.get().map_or(&[][..], |stripes| &stripes[..]);
        std::iter::once(&self.first).chain(stripes.iter().map(|line| &line.0))
    }
}
