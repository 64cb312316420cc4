//! What to try next, from a service that is slow and sometimes away, as services of others are.

use std::time::Duration;

use axum::extract::State;
use ecolaura_monitoring::monitor;

use crate::error::Error;
use crate::extract::Json;
use crate::store::{Product, Store};

#[monitor("/api/v1/recommendations")]
pub(super) async fn list(State(store): State<Store>) -> Result<Json<Vec<Product>>, Error> {
    ask_the_oracle().await?;
    Ok(Json(store.recommendations().await?))
}

/// Takes 20 to 800 ms and fails one time in ten.
#[monitor("ask_the_oracle")]
async fn ask_the_oracle() -> Result<(), Error> {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(20..=800))).await;
    if fastrand::u8(..10) == 0 {
        return Err(Error::Unavailable("recommendations are away, try again"));
    }
    Ok(())
}
