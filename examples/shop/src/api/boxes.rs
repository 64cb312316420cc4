//! A subscriber's box, from one stage of its life to the next.

use axum::extract::State;
use axum::http::StatusCode;
use ecolaura_monitoring::business::Business;
use ecolaura_monitoring::monitor;
use serde::Deserialize;

use crate::api::whole;
use crate::business::SUBSCRIPTION;
use crate::error::Error;
use crate::extract::{Json, Path};
use crate::metrics::{ByPlan, Metrics};
use crate::store::{Moved, Stage, Store, SubscriptionBox};

/// So many products fit into a box.
const ROOM: usize = 12;

#[derive(Deserialize)]
pub(super) struct NewBox {
    subscription_id: i64,
}

#[derive(Deserialize)]
pub(super) struct Contents {
    product_ids: Vec<i64>,
}

#[derive(Deserialize)]
pub(super) struct Move {
    stage: Stage,
}

#[monitor("/api/v1/boxes")]
pub(super) async fn create(
    State(store): State<Store>,
    State(business): State<Business>,
    Json(new): Json<NewBox>,
) -> Result<(StatusCode, Json<SubscriptionBox>), Error> {
    whole(async move {
        let created = store.create_box(new.subscription_id).await?;
        business.box_created();
        business.step(SUBSCRIPTION, "box");
        Ok((StatusCode::CREATED, Json(created)))
    })
    .await
}

#[monitor("/api/v1/boxes/{id}/contents")]
pub(super) async fn curate(
    State(store): State<Store>,
    State(business): State<Business>,
    Path(id): Path<i64>,
    Json(contents): Json<Contents>,
) -> Result<Json<SubscriptionBox>, Error> {
    if !(1..=ROOM).contains(&contents.product_ids.len()) {
        return Err(Error::Invalid("a box holds 1 to 12 products"));
    }
    whole(async move {
        let curated = store.curate_box(id, contents.product_ids).await?;
        Ok(Json(tell(business, curated)))
    })
    .await
}

#[monitor("/api/v1/boxes/{id}/stage")]
pub(super) async fn advance(
    State(store): State<Store>,
    State(metrics): State<Metrics>,
    State(business): State<Business>,
    Path(id): Path<i64>,
    Json(Move { stage }): Json<Move>,
) -> Result<Json<SubscriptionBox>, Error> {
    if matches!(stage, Stage::Created | Stage::Curated) {
        return Err(Error::Invalid("a box comes to this stage by other means"));
    }
    whole(async move {
        let moved = tell(business, store.move_box(id, stage).await?);
        if let Stage::Packed = stage {
            let plan = moved.plan;
            metrics.boxes_packed.get(ByPlan { plan }).inc();
            business.box_filled(plan, f64::from(moved.products) / ROOM as f64);
        }
        Ok(Json(moved))
    })
    .await
}

/// Tells that a box has moved.
fn tell(business: Business, Moved { moved, from, spent }: Moved) -> SubscriptionBox {
    business.box_moved(from.into(), moved.stage.into(), spent);
    moved
}
