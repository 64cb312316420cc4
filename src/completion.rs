//! What one thread waits for and another one does, without thread-local storage: a thread that ends may have none any more.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Something that will be done.
#[derive(Default)]
pub(crate) struct Completion(Arc<Shared>);

#[derive(Default)]
struct Shared {
    result: Mutex<Option<bool>>,
    changed: Condvar,
}

/// Completes it: with `false` where it is dropped before.
pub(crate) struct Completer(Arc<Shared>);

impl Completion {
    pub(crate) fn completer(&self) -> Completer {
        Completer(Arc::clone(&self.0))
    }

    /// Waits for the result, and no longer than this; `false` where there is none by then.
    pub(crate) fn wait(&self, longest: Duration) -> bool {
        let result = self.0.result.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .0
            .changed
            .wait_timeout_while(result, longest, |result| result.is_none());
        let (result, _) = waited.unwrap_or_else(PoisonError::into_inner);
        result.unwrap_or(false)
    }
}

impl Completer {
    pub(crate) fn complete(self, result: bool) {
        self.set(result);
    }

    fn set(&self, new: bool) {
        let mut result = self.0.result.lock().unwrap_or_else(PoisonError::into_inner);
        result.get_or_insert(new);
        self.0.changed.notify_all();
    }
}

impl Drop for Completer {
    fn drop(&mut self) {
        self.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results() {
        let long = Duration::from_secs(60);
        for (complete, expected) in [
            (
                (|completer| completer.complete(true)) as fn(Completer),
                true,
            ),
            (|completer| completer.complete(false), false),
            (drop, false),
            (
                |completer| drop(std::thread::spawn(|| completer.complete(true))),
                true,
            ),
        ] {
            let completion = Completion::default();
            complete(completion.completer());
            assert_eq!(completion.wait(long), expected);
        }
        let completion = Completion::default();
        let _completer = completion.completer();
        assert!(!completion.wait(Duration::from_millis(1)));
    }
}
