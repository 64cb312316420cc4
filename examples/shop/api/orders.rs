//! Buy something, and look at it again.

use axum::extract::State;
use axum::http::StatusCode;
use ecolaura_monitoring::monitor;
use serde::Deserialize;

use crate::error::Error;
use crate::extract::{Json, Path};
use crate::metrics::Metrics;
use crate::store::{Order, OrderItem, Store};

#[derive(Deserialize)]
pub(super) struct NewOrder {
    items: Vec<OrderItem>,
}

#[monitor("/api/v1/orders")]
pub(super) async fn create(
    State(store): State<Store>,
    State(metrics): State<Metrics>,
    Json(NewOrder { items }): Json<NewOrder>,
) -> Result<(StatusCode, Json<Order>), Error> {
    if !(1..=20).contains(&items.len()) {
        return Err(Error::Invalid("an order has 1 to 20 items"));
    }
    if items.iter().any(|item| !(1..=100).contains(&item.quantity)) {
        return Err(Error::Invalid("a quantity is from 1 to 100"));
    }
    let size = items.len();
    let order = store.place_order(items).await?;
    metrics.order_items.observe(size as f64);
    Ok((StatusCode::CREATED, Json(order)))
}

#[monitor("/api/v1/orders/{id}")]
pub(super) async fn show(
    State(store): State<Store>,
    Path(id): Path<i64>,
) -> Result<Json<Order>, Error> {
    Ok(Json(store.order(id).await?))
}
