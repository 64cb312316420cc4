//! Waiting for what another process does: ask again until it is so, and never longer than a deadline.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

/// Ample for a busy machine; what is awaited usually takes a second or two.
const DEADLINE: Duration = Duration::from_secs(60);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);

/// The first answer of `attempt`. An `Err` says why there is none yet; the last one is told when time is up.
///
/// # Panics
///
/// If there is no answer within a minute.
pub async fn eventually<T>(what: &str, attempt: impl AsyncFnMut() -> Result<T, String>) -> T {
    eventually_within(DEADLINE, what, attempt).await
}

/// The same within this time, where it takes longer of itself.
pub async fn eventually_within<T>(
    time: Duration,
    what: &str,
    mut attempt: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + time;
    let mut pace = interval(BETWEEN_ATTEMPTS);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reason = "no attempt came to an end".to_owned();
    while Instant::now() < deadline {
        pace.tick().await;
        match timeout_at(deadline, attempt()).await {
            Ok(Ok(answer)) => return answer,
            Ok(Err(not_yet)) => reason = not_yet,
            Err(_elapsed) => break,
        }
    }
    panic!("{what}: not within {time:?}; the last attempt said: {reason}");
}
