//! The return type of a function, for type inference only.
//!
//! Generated code creates a [`Returned`], ties it to the function's return type by a `return` that never runs, and gets the output
//! type by `(&&returned).output()`, with the two traits below in scope. Method lookup starts at the type as written and removes one
//! reference after the other, so it finds the trait for futures first.

use std::marker::PhantomData;

/// A type without a value.
#[derive(Debug)]
pub struct Returned<T>(PhantomData<fn() -> T>);

impl<T> Clone for Returned<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Returned<T> {}

impl<T> Returned<T> {
    /// Any type.
    #[inline]
    #[expect(clippy::new_without_default, reason = "only generated code calls it")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// Always `None`.
    #[inline]
    pub const fn never(self) -> Option<T> {
        None
    }

    /// Returns the future, and fixes its output type.
    #[inline]
    pub fn of<F: Future<Output = T>>(self, future: F) -> F {
        future
    }
}

/// For types that are futures.
pub trait OutputOfFuture<O> {
    /// The output type.
    fn output(&self) -> Returned<O>;
}

impl<F: Future> OutputOfFuture<F::Output> for &Returned<F> {
    fn output(&self) -> Returned<F::Output> {
        Returned::new()
    }
}

/// For all other types.
pub trait OutputOfOther {
    /// Any type.
    fn output<O>(&self) -> Returned<O>;
}

impl<T> OutputOfOther for Returned<T> {
    fn output<O>(&self) -> Returned<O> {
        Returned::new()
    }
}
