//! Look at what the shop sells.

use axum::extract::State;
use ecolaura_monitoring::business::Business;
use ecolaura_monitoring::monitor;

use crate::business::SUBSCRIPTION;
use crate::error::Error;
use crate::extract::{Json, Path};
use crate::purpose::Purpose;
use crate::store::{Product, Store};

#[monitor("/api/v1/products")]
pub(super) async fn list(
    purpose: Purpose,
    State(store): State<Store>,
    State(business): State<Business>,
) -> Result<Json<Vec<Product>>, Error> {
    let products = store.products().await?;
    if purpose == Purpose::Real {
        business.step(SUBSCRIPTION, "browse");
    }
    Ok(Json(products))
}

#[monitor("/api/v1/products/{id}")]
pub(super) async fn show(
    purpose: Purpose,
    State(store): State<Store>,
    State(business): State<Business>,
    Path(id): Path<i64>,
) -> Result<Json<Product>, Error> {
    let product = store.product(id).await?;
    if purpose == Purpose::Real {
        business.step(SUBSCRIPTION, "look_closer");
    }
    Ok(Json(product))
}
