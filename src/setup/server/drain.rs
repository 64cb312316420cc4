//! How each connection learns that the service stops, and how it ends.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper_util::server::graceful::GracefulConnection;

use crate::setup::server::tracked::{Phase, Tracked};

/// How long a client has for the rest of a head that it had begun when the service stops.
const HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// What happens next to a connection.
enum Next {
    Ended,
    Tell,
    NewPhase,
    /// The rest of a head has not arrived in time.
    TooLate,
}

/// Serves a connection to its end, or until it is upgraded.
pub(super) async fn serve<C: GracefulConnection>(connection: C, tracked: Arc<Tracked>) {
    serve_http(connection, &tracked).await;
    tracked.served();
}

async fn serve_http<C: GracefulConnection>(connection: C, tracked: &Tracked) {
    let mut connection = pin!(connection);
    let mut phases = tracked.phases();
    let mut is_told = false;
    loop {
        let phase = *phases.borrow_and_update();
        if phase == Phase::CutOff {
            return;
        }
        if phase == Phase::Stopping {
            tokio::task::yield_now().await; // so that it is known what has come from clients by now
        }
        let next = {
            let mut new_phase = pin!(phases.changed());
            let mut too_late = pin!(head_timeout(phase, is_told));
            poll_fn(|cx| {
                // First of all: it reads what has come.
                if connection.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Next::Ended); // what a client does wrong ends its connection, no more
                }
                if !is_told && tracked.may_be_told(phase) {
                    return Poll::Ready(Next::Tell);
                }
                if new_phase.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Next::NewPhase);
                }
                too_late.as_mut().poll(cx).map(|()| Next::TooLate)
            })
            .await
        };
        match next {
            Next::Ended => return,
            Next::Tell => {
                connection.as_mut().graceful_shutdown();
                is_told = true;
            }
            Next::NewPhase => {}
            Next::TooLate => {
                connection.as_mut().graceful_shutdown();
                is_told = true;
                // Writes GOAWAY to a client of HTTP/2.
                let has_ended = now_or_never(connection.as_mut()).await.is_some();
                if has_ended || !tracked.is_writing() {
                    return;
                }
            }
        }
    }
}

/// How long a head may take to come.
async fn head_timeout(phase: Phase, is_told: bool) {
    if phase == Phase::Stopping && !is_told {
        tokio::time::sleep(HEAD_TIMEOUT).await;
    } else {
        pending::<()>().await;
    }
}

/// What a future gives at once.
pub(super) async fn now_or_never<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}
