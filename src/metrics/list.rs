//! A list that only grows: readers follow it without a lock, writers wait only for one another.

use std::sync::{Mutex, OnceLock, PoisonError};

struct Node<T: 'static> {
    value: OnceLock<T>,
    next: OnceLock<&'static Node<T>>,
}

/// An append-only list of values that live as long as the process.
///
/// The first value lies in the list itself: most lists of a service hold one, and it is found without going elsewhere.
pub(crate) struct AppendList<T: 'static> {
    first: Node<T>,
    last: Mutex<Option<&'static Node<T>>>,
}

impl<T> Node<T> {
    const fn new() -> Self {
        Self {
            value: OnceLock::new(),
            next: OnceLock::new(),
        }
    }
}

impl<T> AppendList<T> {
    pub(crate) const fn new() -> Self {
        Self {
            first: Node::new(),
            last: Mutex::new(None),
        }
    }

    pub(crate) fn push(&'static self, value: T) -> &'static T {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // The mutex makes this the only writer, so the places are free.
        let node = match *last {
            None => &self.first,
            Some(_) => Box::leak(Box::new(Node::new())),
        };
        let pushed = node.value.get_or_init(|| value);
        if let Some(before) = *last {
            let _ = before.next.set(node);
        }
        *last = Some(node);
        pushed
    }

    #[inline]
    pub(crate) fn iter(&'static self) -> impl Iterator<Item = &'static T> + Clone {
        let mut at = Some(&self.first);
        std::iter::from_fn(move || {
            let node = at?;
            at = node.next.get().copied();
            node.value.get()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_of_each_writer() {
        let list: &'static AppendList<(usize, usize)> = Box::leak(Box::new(AppendList::new()));
        std::thread::scope(|scope| {
            for writer in 0..4 {
                scope.spawn(move || {
                    for n in 0..1000 {
                        list.push((writer, n));
                    }
                });
            }
        });
        assert_eq!(list.iter().count(), 4000);
        for writer in 0..4 {
            let of_writer = list.iter().filter(|(w, _)| *w == writer).map(|(_, n)| *n);
            assert!(of_writer.eq(0..1000));
        }
    }
}
