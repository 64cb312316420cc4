//! What operators may change while the service runs: `/control` on the own listener, for those who have the token.
//!
//! `GET` tells what is set, `PUT` sets something for a while, `DELETE` sets all back. Each change is told in the log, whatever its filter is, or is not
//! done; each return, if there is room; and up to ten tries a second without the token, all of which are counted.

mod answer;
mod dial;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::limiter::Limiter;
use crate::metrics::Counter;

#[cfg(feature = "logs")]
pub(crate) use dial::LogFilter;
#[cfg(feature = "traces")]
pub(crate) use dial::SamplingRatio;
pub(crate) use dial::{Audit, Audited, Dial};

/// Tries without the token that are told of each second.
const TRIES: u32 = 10;

/// What can be changed, and who may do so.
#[derive(Clone)]
pub(crate) struct Control(Arc<Inner>);

struct Inner {
    token: String,
    dials: Vec<Box<dyn Dial>>,
    audit: Audit,
    /// Requests that had the token, and those that had not.
    attempts: [Counter; 2],
    tries: Limiter,
    changes: Mutex<Changes>,
}

/// What was changed and when all of it returns to what it was.
#[derive(Default)]
struct Changes {
    /// Each dial as it was set at start, once it is set to something else.
    before: Vec<(usize, Value)>,
    until: Option<Instant>,
    /// Which change this is: a return that waits for an earlier one does nothing.
    number: u64,
}

impl Control {
    /// `attempts` counts requests that have the token, and those that have not.
    pub(crate) fn new(
        token: String,
        dials: Vec<Box<dyn Dial>>,
        audit: Audit,
        attempts: [Counter; 2],
    ) -> Self {
        Self(Arc::new(Inner {
            token,
            dials,
            audit,
            attempts,
            tries: Limiter::new(TRIES),
            changes: Mutex::default(),
        }))
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        let changes = self.0.changes.lock();
        changes.unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets some dials, all of them back after this time; gives back the number of the change.
    fn change(&self, news: &[(usize, Value)], time: Duration) -> u64 {
        let mut changes = self.changes();
        for (place, value) in news {
            let dial = &self.0.dials[*place];
            if changes.before.iter().all(|(known, _)| known != place) {
                changes.before.push((*place, dial.now()));
            }
            dial.set(value);
        }
        changes.until = Some(Instant::now() + time);
        changes.number += 1;
        changes.number
    }

    /// Sets all back, unless something was changed after this change; what was set back.
    fn set_back(&self, number: Option<u64>) -> Vec<(&'static str, String)> {
        let mut changes = self.changes();
        if number.is_some_and(|number| number != changes.number) {
            return Vec::new();
        }
        changes.until = None;
        let before = std::mem::take(&mut changes.before);
        let set = before.into_iter().map(|(place, value)| {
            let dial = &self.0.dials[place];
            dial.set(&value);
            (dial.name(), dial::text(&value))
        });
        set.collect()
    }

    /// Waits until the time of a change is over, and sets all back.
    async fn return_later(self, number: u64, time: Duration) {
        tokio::time::sleep(time).await;
        let what = self.set_back(Some(number));
        if !what.is_empty() {
            self.tell("control-return", true, None, &what);
        }
    }

    fn tell(
        &self,
        action: &'static str,
        is_success: bool,
        from: Option<std::net::IpAddr>,
        what: &[(&'static str, String)],
    ) -> bool {
        (self.0.audit)(&Audited {
            action,
            is_success,
            from,
            what,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;
    use crate::metrics::{Registry, resolve};

    struct Number(Mutex<u64>);

    impl Dial for &'static Number {
        fn name(&self) -> &'static str {
            "number"
        }

        fn now(&self) -> Value {
            (*self.0.lock().unwrap()).into()
        }

        fn problem(&self, _: &Value) -> Option<String> {
            None
        }

        fn set(&self, value: &Value) {
            *self.0.lock().unwrap() = value.as_u64().unwrap();
        }
    }

    /// A later change has its own time: that of an earlier one, when it is over, changes nothing.
    #[tokio::test(start_paused = true)]
    async fn the_last_change_counts() {
        let number: &'static Number = Box::leak(Box::new(Number(Mutex::new(1))));
        let family = Registry::new(4).own(catalog::AUTHENTICATION_ATTEMPTS);
        let attempts = ["success", "failure"].map(|outcome| resolve(family, &["x", outcome]));
        let dials: Vec<Box<dyn Dial>> = vec![Box::new(number)];
        let control = Control::new(String::new(), dials, Box::new(|_| true), attempts);
        let [short, long] = [10, 100].map(Duration::from_secs);
        let first = control.change(&[(0, 2.into())], short);
        let early = tokio::spawn(control.clone().return_later(first, short));
        let second = control.change(&[(0, 3.into())], long);
        let late = tokio::spawn(control.clone().return_later(second, long));
        early.await.unwrap();
        assert_eq!(number.now(), 3, "the second one lasts");
        late.await.unwrap();
        assert_eq!(number.now(), 1, "as it was at first");
    }
}
