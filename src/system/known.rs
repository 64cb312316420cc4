//! What was found out about names, so that a scrape need not ask for it again.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

/// What is known of names as long as they are there: no more than there are, and nothing of a name that went and came back.
pub(crate) struct Known<T>(Mutex<Vec<(String, Option<T>)>>);

impl<T: Copy> Known<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// What is known of each of these names, in their order; `ask` is asked for the new ones, and again for those of which it could not tell,
    /// which are taken for `guess` meanwhile.
    pub(crate) fn of(
        &self,
        names: &[&str],
        guess: T,
        ask: impl Fn(&str) -> io::Result<T>,
    ) -> Vec<T> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let are_known = known
            .iter()
            .map(|(name, found)| found.map(|_| &**name))
            .eq(names.iter().map(|name| Some(*name)));
        if !are_known {
            let before: HashMap<String, Option<T>> = known.drain(..).collect();
            let found = |name: &&str| match before.get(*name) {
                Some(Some(found)) => Some(*found),
                _ => ask(name).ok(),
            };
            known.extend(names.iter().map(|name| ((*name).to_owned(), found(name))));
        }
        known
            .iter()
            .map(|(_, found)| found.unwrap_or(guess))
            .collect()
    }
}

/// What the kernel answered, if there is something.
///
/// # Errors
///
/// When there was no descriptor left to ask with (`ENFILE`, `EMFILE`): what is not told now can be later.
pub(crate) fn told<T>(answer: io::Result<T>) -> io::Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if matches!(error.raw_os_error(), Some(23 | 24)) => Err(error),
        Err(_) => Ok(None),
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
            let found = known.of(names, 0, |name| {
                asked.borrow_mut().push(name.to_owned());
                Ok(name.len())
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

    #[test]
    fn what_could_not_be_told_is_asked_again() {
        let known = Known::new();
        let none_left = |_: &str| told(Err::<usize, _>(io::Error::from_raw_os_error(24)));
        let cannot = |name: &str| none_left(name).map(Option::unwrap_or_default);
        assert_eq!(known.of(&["a"], 7, cannot), [7]);
        assert_eq!(known.of(&["a"], 7, |_| Ok(1)), [1]);
        assert_eq!(known.of(&["a"], 7, cannot), [1]);
        let absent = told(Err::<usize, _>(io::ErrorKind::NotFound.into()));
        assert_eq!(absent.expect("it is told"), None);
    }
}
