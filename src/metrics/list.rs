//! A list that only grows: readers follow it without a lock, writers wait only for one another.

use std::sync::{Mutex, OnceLock, PoisonError};

struct Node<T: 'static> {
    value: T,
    next: OnceLock<&'static Node<T>>,
}

/// An append-only list of values that live as long as the process.
pub(crate) struct AppendList<T: 'static> {
    first: OnceLock<&'static Node<T>>,
    last: Mutex<Option<&'static Node<T>>>,
}

impl<T> AppendList<T> {
    pub(crate) const fn new() -> Self {
        Self {
            first: OnceLock::new(),
            last: Mutex::new(None),
        }
    }

    pub(crate) fn push(&self, value: T) -> &'static T {
        let node: &'static Node<T> = Box::leak(Box::new(Node {
            value,
            next: OnceLock::new(),
        }));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let end = match *last {
            Some(previous) => &previous.next,
            None => &self.first,
        };
        // The mutex makes this the only writer, so the place is free.
        let _ = end.set(node);
        *last = Some(node);
        &node.value
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static T> + Clone {
        let mut at = &self.first;
        std::iter::from_fn(move || {
            let node: &'static Node<T> = at.get()?;
            at = &node.next;
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
