//! Places for answers under way: how many there are at a time, and who waits for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    waiting: AtomicUsize,
}

/// A place, free again when it is dropped.
pub(super) struct Place {
    _taken: OwnedSemaphorePermit,
    places: Arc<Places>,
}

impl Places {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(ANSWERS)),
            waiting: AtomicUsize::new(0),
        })
    }

    /// Waits for a place; `None` when none is free in time, or too many wait already.
    pub(super) async fn take(self: Arc<Self>, limit: Duration) -> Option<Place> {
        let free = Arc::clone(&self.free);
        let taken = match free.clone().try_acquire_owned() {
            Ok(taken) => taken,
            Err(_) => {
                let _waiting = Waiting::begin(&self.waiting)?;
                timeout(WAIT.min(limit / 2), free.acquire_owned())
                    .await
                    .ok()?
                    .ok()?
            }
        };
        Some(Place {
            _taken: taken,
            places: self,
        })
    }
}

impl Place {
    /// Whether others wait for one.
    pub(super) fn is_waited_for(&self) -> bool {
        self.places.waiting.load(Ordering::Relaxed) > 0
    }
}

/// One more that waits, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Option<Self> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let begun = Self(waiting);
        (before < WAITING).then_some(begun)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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
        assert!(taken.iter().all(Place::is_waited_for));
        taken.pop();
        assert!(next.await.expect("no panic").is_some());
        assert!(!taken.iter().any(Place::is_waited_for));
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
        assert!(!taken.iter().any(Place::is_waited_for));
    }
}
