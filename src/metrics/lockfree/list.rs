//! A list that only grows: readers follow it without a lock, writers wait only for one another.

use crate::metrics::lockfree::sync::{Mutex, OnceLock, OnceRef, PoisonError};

struct Node<T: 'static> {
    value: T,
    next: OnceRef<'static, Node<T>>,
}

/// An append-only list of values that live as long as the process.
///
/// The first value lies in the list itself: most lists of a service hold one, and it is found without going elsewhere.
pub(crate) struct AppendList<T: 'static> {
    first: OnceLock<Node<T>>,
    last: Mutex<Option<&'static Node<T>>>,
}

impl<T> AppendList<T> {
    pub(crate) fn new() -> Self {
        Self {
            first: OnceLock::new(),
            last: Mutex::new(None),
        }
    }

    pub(crate) fn push(&'static self, value: T) -> &'static T {
        let node = Node {
            value,
            next: OnceRef::new(),
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // The mutex makes this the only writer, so the places are free.
        let pushed = match *last {
            None => self.first.get_or_init(|| node),
            Some(before) => {
                let node: &'static Node<T> = Box::leak(Box::new(node));
                let _ = before.next.set(node);
                node
            }
        };
        *last = Some(pushed);
        &pushed.value
    }

    #[inline]
    pub(crate) fn iter(&'static self) -> impl Iterator<Item = &'static T> + Clone {
        let mut at = self.first.get();
        std::iter::from_fn(move || {
            let node = at?;
            at = node.next.get();
            Some(&node.value)
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
