//! Buy something, and look at it again.

use axum::extract::State;
use axum::http::StatusCode;
use ecolaura_monitoring::business::Business;
use ecolaura_monitoring::monitor;
use serde::Deserialize;

use crate::api::whole;
use crate::business::CURRENCY;
use crate::error::Error;
use crate::extract::{Json, Path};
use crate::metrics::Metrics;
use crate::purpose::Purpose;
use crate::store::{Order, OrderItem, Store};

#[derive(Deserialize)]
pub(super) struct NewOrder {
    items: Vec<OrderItem>,
}

#[monitor("/api/v1/orders")]
pub(super) async fn create(
    purpose: Purpose,
    State(store): State<Store>,
    State(metrics): State<Metrics>,
    State(business): State<Business>,
    Json(NewOrder { items }): Json<NewOrder>,
) -> Result<(StatusCode, Json<Order>), Error> {
    if !(1..=20).contains(&items.len()) {
        return Err(Error::Invalid("an order has 1 to 20 items"));
    }
    if items.iter().any(|item| !(1..=100).contains(&item.quantity)) {
        return Err(Error::Invalid("a quantity is from 1 to 100"));
    }
    whole(async move {
        if purpose == Purpose::Rehearsal {
            let order = store.place_order(items, purpose).await?;
            return Ok((StatusCode::CREATED, Json(order)));
        }
        let size = items.len();
        let processing = business.order();
        let placed = store.place_order(items, purpose).await;
        match &placed {
            Ok(_) => processing.completed(),
            Err(Error::Internal(_)) => processing.failed(),
            Err(_) => processing.rejected(),
        }
        let order = placed?;
        business.revenue(order.total_cents, CURRENCY);
        metrics.order_items.observe(size as f64);
        Ok((StatusCode::CREATED, Json(order)))
    })
    .await
}

#[monitor("/api/v1/orders/{id}/refund")]
pub(super) async fn refund(
    State(store): State<Store>,
    State(business): State<Business>,
    Path(id): Path<i64>,
) -> Result<StatusCode, Error> {
    whole(async move {
        business.refund(store.refund_order(id).await?, CURRENCY);
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

#[monitor("/api/v1/orders/{id}")]
pub(super) async fn show(
    State(store): State<Store>,
    Path(id): Path<i64>,
) -> Result<Json<Order>, Error> {
    Ok(Json(store.order(id).await?))
}
