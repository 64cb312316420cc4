//! What became of a request: decided once, the same for metrics, traces and logs.

use http::StatusCode;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Answered, and the body was sent to its end.
    Success,
    /// Answered with 4xx.
    ClientError,
    /// Answered with 5xx, or the service or its body failed.
    ServerError,
    /// The handler panicked.
    Panic,
    /// The client went away before the head of the response (499).
    Cancelled,
    /// The client went away during the body.
    Aborted,
    /// A time limit ran out: 408, 504, a timeout error of the service, or its drain timeout.
    Timeout,
}

/// Status code of a request whose client went away before it was answered (nginx's convention).
pub(crate) const CLIENT_CLOSED_REQUEST: u16 = 499;

impl Outcome {
    /// The label value.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::ClientError => "client_error",
            Outcome::ServerError => "server_error",
            Outcome::Panic => "panic",
            Outcome::Cancelled => "cancelled",
            Outcome::Aborted => "aborted",
            Outcome::Timeout => "timeout",
        }
    }

    /// Whether the service did not do what it was asked, whoever is to blame but a client that asked wrongly.
    pub(crate) const fn has_failed(self) -> bool {
        !matches!(self, Outcome::Success | Outcome::ClientError)
    }

    /// The outcome of a response with this status that was sent to its end.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            408 | 504 => Outcome::Timeout,
            500.. => Outcome::ServerError,
            400.. => Outcome::ClientError,
            _ => Outcome::Success,
        }
    }

    /// The outcome of a gRPC call by its `grpc-status`, which HTTP's 200 hides.
    ///
    /// Source: the status codes of gRPC, grouped as OpenTelemetry's RPC conventions do for servers.
    pub(crate) fn of_grpc(code: u16) -> Self {
        match code {
            0 => Outcome::Success,
            4 => Outcome::Timeout,
            1 | 3 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 16 => Outcome::ClientError,
            _ => Outcome::ServerError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        let of = |code| Outcome::of_status(StatusCode::from_u16(code).unwrap()).as_str();
        for code in [100, 101, 200, 204, 301, 304, 399] {
            assert_eq!(of(code), "success", "{code}");
        }
        for code in [400, 404, 429, 499] {
            assert_eq!(of(code), "client_error", "{code}");
        }
        for code in [408, 504] {
            assert_eq!(of(code), "timeout", "{code}");
        }
        for code in [500, 503, 599, 999] {
            assert_eq!(of(code), "server_error", "{code}");
        }
    }

    #[test]
    fn failures() {
        use Outcome::*;
        for outcome in [ServerError, Panic, Cancelled, Aborted, Timeout] {
            assert!(outcome.has_failed(), "{outcome:?}");
        }
        for outcome in [Success, ClientError] {
            assert!(!outcome.has_failed(), "{outcome:?}");
        }
    }

    #[test]
    fn grpc_codes() {
        assert_eq!(Outcome::of_grpc(0), Outcome::Success);
        assert_eq!(Outcome::of_grpc(4), Outcome::Timeout);
        for code in [1, 3, 5, 7, 16] {
            assert_eq!(Outcome::of_grpc(code), Outcome::ClientError, "{code}");
        }
        for code in [2, 12, 13, 14, 15, 17, 999] {
            assert_eq!(Outcome::of_grpc(code), Outcome::ServerError, "{code}");
        }
    }
}
