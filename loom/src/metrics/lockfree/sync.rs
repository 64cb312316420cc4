//! What the library takes from `std` and `once_cell`, of loom.

use std::marker::PhantomData;
use std::ptr::null_mut;
use std::sync::PoisonError as StdPoisonError;

use loom::cell::UnsafeCell;
use loom::sync::atomic::AtomicPtr;

pub(crate) use loom::sync::Mutex;
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
pub(crate) type PoisonError<T> = StdPoisonError<T>;

/// As that of `once_cell`: a reference that is set once.
pub(crate) struct OnceRef<'a, T> {
    place: AtomicPtr<T>,
    of: PhantomData<&'a T>,
}

impl<'a, T> OnceRef<'a, T> {
    pub(crate) fn new() -> Self {
        Self {
            place: AtomicPtr::new(null_mut()),
            of: PhantomData,
        }
    }

    pub(crate) fn get(&self) -> Option<&'a T> {
        // SAFETY: what is there was a reference for `'a`.
        unsafe { self.place.load(Ordering::Acquire).as_ref() }
    }

    pub(crate) fn set(&self, value: &'a T) -> Result<(), ()> {
        let value = std::ptr::from_ref(value).cast_mut();
        let set =
            self.place
                .compare_exchange(null_mut(), value, Ordering::Release, Ordering::Acquire);
        set.map(drop).map_err(drop)
    }
}

/// As that of `std`, for those who set it under a lock: loom tells when two of them meet.
pub(crate) struct OnceLock<T> {
    is_set: AtomicBool,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: the value is written before `is_set` is, and read after; loom watches that.
unsafe impl<T: Send + Sync> Sync for OnceLock<T> {}

impl<T> OnceLock<T> {
    pub(crate) fn new() -> Self {
        Self {
            is_set: AtomicBool::new(false),
            value: UnsafeCell::new(None),
        }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        let is_set = self.is_set.load(Ordering::Acquire);
        // SAFETY: it is not written any more.
        is_set.then(|| self.value.with(|value| unsafe { (*value).as_ref() }))?
    }

    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        if self.get().is_none() {
            let made = Some(make());
            // SAFETY: nobody reads it before it is set, and loom tells when two write it.
            self.value.with_mut(|value| unsafe { *value = made });
            self.is_set.store(true, Ordering::Release);
        }
        self.get().expect("it was set")
    }
}
