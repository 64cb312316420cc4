//! A subscriber's box: opened, filled, shipped.

use axum::extract::State;
use axum::http::StatusCode;
use ecolaura_monitoring::monitor;
use serde::Deserialize;

use crate::error::Error;
use crate::extract::{Json, Path};
use crate::metrics::{ByPlan, Metrics};
use crate::store::{Store, SubscriptionBox};

#[derive(Deserialize)]
pub(super) struct NewBox {
    subscription_id: i64,
}

#[derive(Deserialize)]
pub(super) struct Filling {
    product_ids: Vec<i64>,
}

#[monitor("/api/v1/boxes")]
pub(super) async fn create(
    State(store): State<Store>,
    Json(new): Json<NewBox>,
) -> Result<(StatusCode, Json<SubscriptionBox>), Error> {
    let opened = store.open_box(new.subscription_id).await?;
    Ok((StatusCode::CREATED, Json(opened)))
}

#[monitor("/api/v1/boxes/{id}/fill")]
pub(super) async fn fill(
    State(store): State<Store>,
    State(metrics): State<Metrics>,
    Path(id): Path<i64>,
    Json(filling): Json<Filling>,
) -> Result<Json<SubscriptionBox>, Error> {
    if !(1..=12).contains(&filling.product_ids.len()) {
        return Err(Error::Invalid("a box holds 1 to 12 products"));
    }
    let filled = store.fill_box(id, &filling.product_ids).await?;
    metrics.boxes_packed.get(ByPlan { plan: filled.plan }).inc();
    Ok(Json(filled))
}

#[monitor("/api/v1/boxes/{id}/ship")]
pub(super) async fn ship(
    State(store): State<Store>,
    Path(id): Path<i64>,
) -> Result<Json<SubscriptionBox>, Error> {
    Ok(Json(store.ship_box(id).await?))
}
