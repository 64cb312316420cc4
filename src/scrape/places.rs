//! Places for answers under way: how many there are at a time, and who waits for one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Answers under way at a time.
const ANSWERS: usize = 4;

/// Scrapes that wait for a place at a time; one more is told to come back.
const WAITING: usize = 16;

/// How long a scrape waits for a place, where its time is not shorter.
const WAIT: Duration = Duration::from_secs(3);

/// How long an answer waits for its scraper to take a piece while others wait for a place.
///
/// Shorter than [`WAIT`], so that scrapers that do not read keep nobody out.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// The places of one `/metrics`.
pub(super) struct Places {
    free: Arc<Semaphore>,
    demand: Mutex<Demand>,
}

/// Who wants a place, and who gives one up for that.
#[derive(Default)]
struct Demand {
    waiting: usize,
    leaving: usize,
    /// Somebody got none, and may come again.
    unmet: bool,
}

/// A place, free again when it is dropped.
pub(super) struct Place {
    _taken: OwnedSemaphorePermit,
    places: Arc<Places>,
    leaves: AtomicBool,
}

impl Places {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(ANSWERS)),
            demand: Mutex::default(),
        })
    }

    /// Waits for a place; `None` when none is free in time, or too many wait already.
    pub(super) async fn take(self: Arc<Self>, limit: Duration) -> Option<Place> {
        let free = Arc::clone(&self.free);
        let taken = match free.clone().try_acquire_owned() {
            Ok(taken) => Some(taken),
            Err(_) => {
                let _waiting = Waiting::begin(&self)?;
                let taken = timeout(WAIT.min(limit / 2), free.acquire_owned()).await;
                taken.ok().and_then(Result::ok)
            }
        };
        if taken.is_none() {
            self.demand().unmet = true;
        }
        Some(Place {
            _taken: taken?,
            places: self,
            leaves: AtomicBool::new(false),
        })
    }

    fn demand(&self) -> MutexGuard<'_, Demand> {
        self.demand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Whether this one is to be given up, since somebody waits for whom no other one is; then it will be.
    pub(super) fn is_wanted(&self) -> bool {
        let mut demand = self.places.demand();
        let is_wanted = demand.waiting > demand.leaving || demand.unmet;
        if is_wanted {
            demand.unmet = false;
            demand.leaving += 1;
            self.leaves.store(true, Ordering::Relaxed);
        }
        is_wanted
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.leaves.load(Ordering::Relaxed) {
            self.places.demand().leaving -= 1;
        }
    }
}

/// One more that waits, until it is dropped.
struct Waiting<'a>(&'a Places);

impl<'a> Waiting<'a> {
    fn begin(places: &'a Places) -> Option<Self> {
        let mut demand = places.demand();
        let has_room = demand.waiting < WAITING;
        demand.waiting += usize::from(has_room);
        has_room.then(|| Self(places))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.demand().waiting -= 1;
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;
    use tokio::time::Instant;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    async fn all_taken(places: &Arc<Places>) -> Vec<Place> {
        let mut taken = Vec::new();
        for _ in 0..ANSWERS {
            taken.extend(places.clone().take(LIMIT).await);
        }
        assert_eq!(taken.len(), ANSWERS);
        taken
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_the_next_place() {
        let places = Places::new();
        let mut taken = all_taken(&places).await;
        let next = tokio::spawn(places.clone().take(LIMIT));
        tokio::task::yield_now().await;
        let leaving = taken.iter().filter(|place| place.is_wanted()).count();
        assert_eq!(leaving, 1, "as many as wait");
        taken.retain(|place| !place.leaves.load(Ordering::Relaxed));
        taken.push(next.await.expect("no panic").expect("a place"));
        assert!(!taken.iter().any(Place::is_wanted));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_long_and_not_everybody_may() {
        let places = Places::new();
        let taken = all_taken(&places).await;
        let short = places.clone().take(Duration::from_millis(10)).await;
        assert!(short.is_none());
        let mut waiting = JoinSet::new();
        for _ in 0..=WAITING {
            let (places, begun) = (places.clone(), Instant::now());
            waiting.spawn(async move { (places.take(LIMIT).await.is_some(), begun.elapsed()) });
        }
        let results = waiting.join_all().await;
        assert!(results.iter().all(|(got_one, _)| !got_one));
        let at_once = results.iter().filter(|(_, waited)| waited.is_zero());
        assert_eq!(at_once.count(), 1);
        let at_last = results.iter().filter(|(_, waited)| *waited >= WAIT);
        assert_eq!(at_last.count(), WAITING);
        // Whoever got none may come again.
        let leaving = taken.iter().filter(|place| place.is_wanted()).count();
        assert_eq!(leaving, 1);
    }
}
