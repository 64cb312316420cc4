//! What was found out about names, so that a scrape need not ask for it again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What is known of names as long as they are there: no more than there are, and nothing of a name that went and came back.
pub(crate) struct Known<T>(Mutex<Vec<(String, T)>>);

impl<T: Copy> Known<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// What is known of each of these names, in their order; `ask` is asked for the new ones.
    pub(crate) fn of(&self, names: &[&str], ask: impl Fn(&str) -> T) -> Vec<T> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let are_known = known
            .iter()
            .map(|(name, _)| &**name)
            .eq(names.iter().copied());
        if !are_known {
            let before: HashMap<String, T> = known.drain(..).collect();
            let found = |name: &&str| match before.get(*name) {
                Some(found) => *found,
                None => ask(name),
            };
            known.extend(names.iter().map(|name| ((*name).to_owned(), found(name))));
        }
        known.iter().map(|(_, found)| *found).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn each_name_is_asked_for_once_as_long_as_it_is_there() {
        let known = Known::new();
        let asked = RefCell::new(Vec::new());
        let check = |names: &[&str], expected: &[&str]| {
            asked.borrow_mut().clear();
            let found = known.of(names, |name| {
                asked.borrow_mut().push(name.to_owned());
                name.len()
            });
            assert_eq!(
                found,
                names.iter().map(|name| name.len()).collect::<Vec<_>>()
            );
            assert_eq!(*asked.borrow(), expected);
        };
        check(&["a", "bc"], &["a", "bc"]);
        check(&["a", "bc"], &[]);
        check(&["bc", "d"], &["d"]);
        check(&["a", "bc", "d"], &["a"]);
        check(&["a", "a"], &[]);
        check(&[], &[]);
        check(&["a"], &["a"]);
    }
}
