//! What can go wrong, and what the client is told: a JSON problem (RFC 9457) without internals.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::http::{StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use deadpool_sqlite::rusqlite::{self, ffi::SQLITE_CONSTRAINT_FOREIGNKEY};
use deadpool_sqlite::{InteractError, PoolError};
use serde_json::json;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("nothing was found here")]
    NotFound,
    #[error("this path does not take that method")]
    MethodNotAllowed,
    #[error("the id in the path is not a number")]
    PathId,
    #[error("{}", .0.body_text())]
    Body(#[from] JsonRejection),
    #[error("{0}")]
    Invalid(&'static str),
    #[error("the request names something that does not exist")]
    UnknownReference,
    #[error("{0}")]
    Conflict(&'static str),
    #[error("email or password is wrong")]
    WrongLogin,
    #[error("{0}")]
    Unavailable(&'static str),
    #[error("something went wrong on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PathId => StatusCode::BAD_REQUEST,
            Self::Body(rejection) => rejection.status(),
            Self::Invalid(_) | Self::UnknownReference => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::WrongLogin => StatusCode::UNAUTHORIZED,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Internal(cause) = &self {
            let error: &(dyn std::error::Error + 'static) = cause.as_ref();
            tracing::error!(error, "a request failed");
        }
        let status = self.status();
        let problem = json!({
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.to_string(),
        });
        let headers = [(CONTENT_TYPE, "application/problem+json")];
        (status, headers, Json(problem)).into_response()
    }
}

impl From<PathRejection> for Error {
    fn from(_: PathRejection) -> Self {
        Self::PathId
    }
}

/// A missing row and a broken reference are the client's mistakes, everything else is ours.
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error().map(|error| error.extended_code) {
            Some(SQLITE_CONSTRAINT_FOREIGNKEY) => Self::UnknownReference,
            _ if error == rusqlite::Error::QueryReturnedNoRows => Self::NotFound,
            _ => Self::Internal(error.into()),
        }
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        Self::Internal(error.into())
    }
}

/// The work panicked, or was given up as the shop closes.
impl From<InteractError> for Error {
    fn from(error: InteractError) -> Self {
        Self::Internal(error.to_string().into())
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Internal(error.into())
    }
}
