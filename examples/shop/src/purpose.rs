//! Why somebody asks: to have it, or to see that it works.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use deadpool_sqlite::rusqlite::{self, Transaction};
use ecolaura_monitoring::Baggage;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Real,
    /// A probe asks, with `baggage: synthetic=true`: it is done and undone again, and nobody counts it.
    Rehearsal,
}

impl Purpose {
    /// Ends what was done in the database.
    pub(crate) fn end(self, tx: Transaction<'_>) -> rusqlite::Result<()> {
        match self {
            Self::Real => tx.commit(),
            Self::Rehearsal => tx.rollback(),
        }
    }
}

/// From the header itself: `Baggage::current()` is empty where telemetry is switched off, and then a probe would buy.
impl<S: Send + Sync> FromRequestParts<S> for Purpose {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let mut lines = parts.headers.get_all("baggage").iter();
        let is_synthetic = lines.any(|line| {
            let baggage = Baggage::from_header(line);
            baggage.get("synthetic").as_deref() == Some("true")
        });
        Ok(match is_synthetic {
            true => Self::Rehearsal,
            false => Self::Real,
        })
    }
}
