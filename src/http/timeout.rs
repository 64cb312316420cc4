//! Whether an error of a service or of a body is a time limit that ran out.

use std::any::Any;
use std::error::Error;
use std::fmt::{self, Write as _};

use crate::outcome::Outcome;

type BoxError = Box<dyn Error + Send + Sync>;

/// What an error of a service or of a body makes of its request.
pub(crate) fn outcome<E: 'static>(error: &E) -> Outcome {
    if is_timeout(error) {
        Outcome::Timeout
    } else {
        Outcome::ServerError
    }
}

/// Whether the error is a time limit that ran out, or was caused by one: that of tower, tower-http, tokio, reqwest or the
/// system.
pub(crate) fn is_timeout<E: 'static>(error: &E) -> bool {
    let error = error as &dyn Any;
    if let Some(boxed) = error.downcast_ref::<BoxError>() {
        return chain_has_timeout(&**boxed);
    }
    if let Some(error) = as_axum(error) {
        return chain_has_timeout(error);
    }
    is_elapsed(error.downcast_ref())
        || is_timed_out(error.downcast_ref())
        || is_late(error.downcast_ref())
}

fn chain_has_timeout(error: &(dyn Error + 'static)) -> bool {
    let mut at = Some(error);
    while let Some(error) = at {
        if is_elapsed(error.downcast_ref())
            || is_timed_out(error.downcast_ref())
            || is_late(error.downcast_ref())
            || says_timeout(error)
        {
            return true;
        }
        at = error.source();
    }
    false
}

/// Whether it is an error without any content that says what the time limits of tower-http and tokio say.
///
/// By its text, since their types belong to crates, in several versions, that are not needed for anything else. A type
/// without content says the same each time, so nothing of a request is read, and nothing long is formatted.
fn says_timeout(error: &(dyn Error + 'static)) -> bool {
    const TEXTS: [&str; 2] = [
        "data was not received within the designated timeout", // tower_http::timeout::TimeoutError
        "deadline has elapsed",                                // tokio::time::error::Elapsed
    ];
    size_of_val(error) == 0 && TEXTS.iter().any(|text| Expected::is(text, error))
}

/// What of a text is still to come.
struct Expected(&'static str);

impl Expected {
    fn is(text: &'static str, error: &dyn Error) -> bool {
        let mut rest = Self(text);
        write!(rest, "{error}").is_ok() && rest.0.is_empty()
    }
}

impl fmt::Write for Expected {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
        Ok(())
    }
}

fn is_timed_out(error: Option<&std::io::Error>) -> bool {
    let Some(error) = error else {
        return false;
    };
    // The source of such an error is that of the one inside, which is in no chain itself.
    let inner = error.get_ref();
    error.kind() == std::io::ErrorKind::TimedOut
        || inner.is_some_and(|inner| chain_has_timeout(inner))
}

#[cfg(feature = "axum")]
fn as_axum(error: &dyn Any) -> Option<&(dyn Error + 'static)> {
    let error = error.downcast_ref::<axum::Error>()?;
    Some(error)
}

#[cfg(not(feature = "axum"))]
fn as_axum(_error: &dyn Any) -> Option<&(dyn Error + 'static)> {
    None
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
