//! Whether a service's error is a time limit that ran out.

use std::any::Any;
use std::error::Error;

type BoxError = Box<dyn Error + Send + Sync>;

/// Whether the error is tower's or the system's timeout, or was caused by one.
pub(crate) fn is_timeout<E: 'static>(error: &E) -> bool {
    let error = error as &dyn Any;
    match error.downcast_ref::<BoxError>() {
        Some(boxed) => chain_has_timeout(&**boxed),
        None => {
            is_elapsed(error.downcast_ref())
                || is_timed_out(error.downcast_ref())
                || is_late(error.downcast_ref())
        }
    }
}

fn chain_has_timeout(error: &(dyn Error + 'static)) -> bool {
    let mut at = Some(error);
    while let Some(error) = at {
        if is_elapsed(error.downcast_ref())
            || is_timed_out(error.downcast_ref())
            || is_late(error.downcast_ref())
        {
            return true;
        }
        at = error.source();
    }
    false
}

fn is_timed_out(error: Option<&std::io::Error>) -> bool {
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut)
}

#[cfg(feature = "reqwest")]
fn is_late(error: Option<&reqwest::Error>) -> bool {
    error.is_some_and(reqwest::Error::is_timeout)
}

#[cfg(not(feature = "reqwest"))]
fn is_late(_error: Option<&std::convert::Infallible>) -> bool {
    false
}

#[cfg(feature = "axum")]
fn is_elapsed(error: Option<&tower::timeout::error::Elapsed>) -> bool {
    error.is_some()
}

#[cfg(not(feature = "axum"))]
fn is_elapsed(_error: Option<&std::convert::Infallible>) -> bool {
    false
}
