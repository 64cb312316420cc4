//! Look at what the shop sells.

use axum::extract::State;
use ecolaura_monitoring::monitor;

use crate::error::Error;
use crate::extract::{Json, Path};
use crate::store::{Product, Store};

#[monitor("/api/v1/products")]
pub(super) async fn list(State(store): State<Store>) -> Result<Json<Vec<Product>>, Error> {
    Ok(Json(store.products().await?))
}

#[monitor("/api/v1/products/{id}")]
pub(super) async fn show(
    State(store): State<Store>,
    Path(id): Path<i64>,
) -> Result<Json<Product>, Error> {
    Ok(Json(store.product(id).await?))
}
