//! Delivery of one request: repeated while the protocol says that it may help, until its time is over.

use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::watch;

use crate::otlp::client::{Client, Failure, LONGEST_WAIT};
use crate::otlp::encode::Accepted;

/// How long to wait before a request is repeated for the first time; twice as long each time after.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// What may change while a request is under way.
#[derive(Clone, Copy, Default)]
pub(super) struct Urgency {
    /// When the last requests are given up, once the exporter ends.
    pub(super) end: Option<Instant>,
    /// How many flushes were requested.
    pub(super) flushes: u64,
}

/// How long a request may take, and whether it is repeated where no collector is there.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    pub(super) by: Instant,
    pub(super) is_patient: bool,
}

/// Sends until it is taken, or until its time is over, or until the exporter ends.
///
/// Nothing is sent while the collector asks to wait, flushes included.
pub(super) async fn deliver(
    client: &Client,
    body: Bytes,
    patience: Patience,
    urgency: &mut watch::Receiver<Urgency>,
) -> Result<Accepted, Failure> {
    let Patience { by, mut is_patient } = patience;
    let (mut wait, flushes) = (FIRST_WAIT, urgency.borrow().flushes);
    let mut failure = Failure::passing("it asks to wait".into());
    loop {
        while let Some(until) = client.throttled() {
            if !sleep_until(until, by, urgency).await {
                return Err(failure);
            }
        }
        failure = match within(client.send(body.clone()), by, urgency).await {
            Some(Ok(accepted)) => return Ok(accepted),
            Some(Err(failure)) => failure,
            None => return Err(Failure::passing("it does not answer in time".into())),
        };
        is_patient &= urgency.borrow().flushes == flushes;
        if !failure.is_passing || (failure.is_unreachable && !is_patient) {
            return Err(failure);
        }
        if failure.wait.is_none() {
            // A little more or less, so that services that failed together do not come back together.
            let pause = wait.mul_f64(0.8 + 0.4 * fastrand::f64());
            if !pause_until(Instant::now() + pause, by, urgency).await {
                return Err(failure);
            }
            wait = longer(wait);
        }
    }
}

/// The wait after this one.
fn longer(wait: Duration) -> Duration {
    wait.saturating_mul(2).min(LONGEST_WAIT)
}

/// Waits until then; at once `false` where the time is over before.
async fn sleep_until(until: Instant, by: Instant, urgency: &mut watch::Receiver<Urgency>) -> bool {
    loop {
        let end = urgency.borrow_and_update().end;
        if end.map_or(by, |end| end.min(by)) <= until {
            return false;
        }
        tokio::select! {
            () = tokio::time::sleep_until(until.into()) => return true,
            Ok(()) = urgency.changed() => {}
        }
    }
}

/// The same, but only until a flush is requested.
async fn pause_until(until: Instant, by: Instant, urgency: &mut watch::Receiver<Urgency>) -> bool {
    if until >= by {
        return false;
    }
    tokio::select! {
        () = tokio::time::sleep_until(until.into()) => {}
        // Once more at once, and then no more where no collector is there.
        Ok(()) = urgency.changed() => {}
    }
    true
}

/// What a future resolves to; `None` if it does not by then, or until the exporter ends.
async fn within<T>(
    future: impl Future<Output = T>,
    by: Instant,
    urgency: &mut watch::Receiver<Urgency>,
) -> Option<T> {
    let mut future = pin!(future);
    loop {
        let end = urgency.borrow_and_update().end;
        let end = end.map_or(by, |end| end.min(by));
        tokio::select! {
            output = &mut future => return Some(output),
            () = tokio::time::sleep_until(end.into()) => return None,
            Ok(()) = urgency.changed() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However often a collector that answers at once has a batch repeated.
    #[test]
    fn waits_have_a_limit() {
        let last = (0..200).fold(FIRST_WAIT, |wait, _| longer(wait));
        assert_eq!(last, LONGEST_WAIT);
        assert_eq!(longer(FIRST_WAIT), 2 * FIRST_WAIT);
    }
}
