//! Which HTTP status a returned value stands for, for functions that are measured outside a request.
//!
//! Under the layer a request's status is the one the client got. A function on its own has only its value:
//!
//! - a value that implements [`HttpStatus`] tells: `StatusCode`, `Response`, a tuple that starts with one, a service's own error;
//! - any other `Ok` is 200 and any other `Err` is 500;
//! - everything else is 200.
//!
//! The choice is made by the compiler for each function ([`Probe`]), so that the types in question need nothing of ours.

use std::convert::Infallible;

use http::StatusCode;
use http::response::{Parts, Response};

/// A value that knows its HTTP status: implement it for a service's own errors to have them counted as what they are.
///
/// ```
/// use ecolaura_monitoring::{HttpStatus, monitor};
///
/// enum PackError {
///     NoSuchBox,
///     Broken,
/// }
///
/// impl HttpStatus for PackError {
///     fn http_status(&self) -> u16 {
///         match self {
///             PackError::NoSuchBox => 404,
///             PackError::Broken => 500,
///         }
///     }
/// }
///
/// #[monitor("pack_box")]
/// fn pack_box(id: u32) -> Result<(), PackError> {
///     match id {
///         0 => Err(PackError::Broken), // http_status="500"
///         1 => Ok(()),                 // http_status="200"
///         _ => Err(PackError::NoSuchBox), // http_status="404"
///     }
/// }
/// # assert!(pack_box(1).is_ok());
/// ```
pub trait HttpStatus {
    /// The status, such as 200, 404 or 500.
    fn http_status(&self) -> u16;
}

impl HttpStatus for StatusCode {
    fn http_status(&self) -> u16 {
        self.as_u16()
    }
}

impl HttpStatus for Parts {
    fn http_status(&self) -> u16 {
        self.status.as_u16()
    }
}

impl<B> HttpStatus for Response<B> {
    fn http_status(&self) -> u16 {
        self.status().as_u16()
    }
}

impl HttpStatus for Infallible {
    fn http_status(&self) -> u16 {
        match *self {}
    }
}

impl<T: HttpStatus + ?Sized> HttpStatus for Box<T> {
    fn http_status(&self) -> u16 {
        (**self).http_status()
    }
}

impl<T: HttpStatus, E: HttpStatus> HttpStatus for Result<T, E> {
    fn http_status(&self) -> u16 {
        match self {
            Ok(value) => value.http_status(),
            Err(error) => error.http_status(),
        }
    }
}

impl<S: HttpStatus, A> HttpStatus for (S, A) {
    fn http_status(&self) -> u16 {
        self.0.http_status()
    }
}

impl<S: HttpStatus, A, B> HttpStatus for (S, A, B) {
    fn http_status(&self) -> u16 {
        self.0.http_status()
    }
}

impl<S: HttpStatus, A, B, C> HttpStatus for (S, A, B, C) {
    fn http_status(&self) -> u16 {
        self.0.http_status()
    }
}

const OK: u16 = 200;
const INTERNAL_SERVER_ERROR: u16 = 500;

/// A value to ask: `(&&&&&Probe(&value)).status()`, with the five traits below in scope.
///
/// Each of them is implemented for one reference less than the one before. The compiler looks for a method at the type as it is
/// written, then takes one reference away after the other, and so meets the most precise answer first.
#[doc(hidden)]
#[derive(Debug)]
pub struct Probe<'a, T>(pub &'a T);

/// The value tells.
#[doc(hidden)]
pub trait FromValue {
    fn status(&self) -> u16;
}

impl<T: HttpStatus> FromValue for &&&&Probe<'_, T> {
    fn status(&self) -> u16 {
        self.0.http_status()
    }
}

/// The error tells; `Ok` is 200.
#[doc(hidden)]
pub trait FromError {
    fn status(&self) -> u16;
}

impl<T, E: HttpStatus> FromError for &&&Probe<'_, Result<T, E>> {
    fn status(&self) -> u16 {
        self.0.as_ref().map_or_else(E::http_status, |_| OK)
    }
}

/// The value in `Ok` tells; `Err` is 500.
#[doc(hidden)]
pub trait FromOk {
    fn status(&self) -> u16;
}

impl<T: HttpStatus, E> FromOk for &&Probe<'_, Result<T, E>> {
    fn status(&self) -> u16 {
        self.0
            .as_ref()
            .map_or(INTERNAL_SERVER_ERROR, T::http_status)
    }
}

/// `Ok` is 200, `Err` is 500.
#[doc(hidden)]
pub trait FromResult {
    fn status(&self) -> u16;
}

impl<T, E> FromResult for &Probe<'_, Result<T, E>> {
    fn status(&self) -> u16 {
        self.0.as_ref().map_or(INTERNAL_SERVER_ERROR, |_| OK)
    }
}

/// Nothing tells: 200.
#[doc(hidden)]
pub trait FromAnything {
    fn status(&self) -> u16;
}

impl<T> FromAnything for Probe<'_, T> {
    fn status(&self) -> u16 {
        OK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Missing;

    impl HttpStatus for Missing {
        fn http_status(&self) -> u16 {
            404
        }
    }

    macro_rules! check {
        ($($value:expr => $expected:literal,)*) => {
            $({
                let value = $value;
                assert_eq!((&&&&&Probe(&value)).status(), $expected, stringify!($value));
            })*
        };
    }

    fn answer(status: StatusCode) -> Response<&'static str> {
        let mut answer = Response::new("text");
        *answer.status_mut() = status;
        answer
    }

    #[test]
    fn a_value_that_knows_its_status_tells() {
        check! {
            StatusCode::CREATED => 201,
            answer(StatusCode::NOT_FOUND) => 404,
            answer(StatusCode::IM_A_TEAPOT).into_parts().0 => 418,
            (StatusCode::ACCEPTED, "text") => 202,
            (StatusCode::ACCEPTED, [("name", "value")], "text") => 202,
            (StatusCode::ACCEPTED, 1, 2, "text") => 202,
            (answer(StatusCode::GONE), "text") => 410,
            Missing => 404,
            (Missing, "text") => 404,
            Box::new(Missing) => 404,
            Box::new(Missing) as Box<dyn HttpStatus> => 404,
        }
    }

    #[test]
    fn a_result_tells_by_the_side_that_knows() {
        check! {
            Ok::<_, Missing>(StatusCode::CREATED) => 201,
            Err::<StatusCode, _>(Missing) => 404,
            Ok::<_, Missing>("text") => 200,
            Err::<&str, _>(Missing) => 404,
            Ok::<_, &str>(StatusCode::CREATED) => 201,
            Err::<StatusCode, _>("text") => 500,
            Ok::<_, &str>("text") => 200,
            Err::<&str, _>("text") => 500,
            Ok::<_, &str>((StatusCode::CREATED, "text")) => 201,
            Err::<&str, _>((StatusCode::CONFLICT, "text")) => 409,
            Err::<&str, _>(answer(StatusCode::CONFLICT)) => 409,
            Err::<&str, _>(Box::new(answer(StatusCode::CONFLICT))) => 409,
            Ok::<_, Infallible>(answer(StatusCode::NOT_FOUND)) => 404,
            Ok::<_, Infallible>("text") => 200,
            Ok::<Result<StatusCode, Missing>, Missing>(Err(Missing)) => 404,
        }
    }

    #[test]
    fn everything_else_is_200() {
        check! {
            () => 200,
            "text" => 200,
            500_u16 => 200,
            None::<StatusCode> => 200,
            ("text", StatusCode::NOT_FOUND) => 200,
            &StatusCode::NOT_FOUND => 200,
            &mut 1 => 200,
        }
    }

    #[test]
    #[allow(clippy::needless_borrow)] // the borrows are what generated code writes: they choose the rung
    fn a_generic_value_tells_what_its_bounds_promise() {
        fn known<T: HttpStatus>(value: &T) -> u16 {
            (&&&&&Probe(value)).status()
        }
        fn unknown<T, E>(value: &Result<T, E>) -> u16 {
            (&&&&&Probe(value)).status()
        }
        assert_eq!(known(&Missing), 404);
        assert_eq!(unknown::<StatusCode, Missing>(&Err(Missing)), 500);
    }
}
