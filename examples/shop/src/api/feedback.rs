//! How content customers are.

use axum::extract::State;
use axum::http::StatusCode;
use ecolaura_monitoring::business::Business;
use ecolaura_monitoring::monitor;
use serde::Deserialize;

use crate::api::whole;
use crate::business::TOUCHPOINTS;
use crate::error::Error;
use crate::extract::Json;
use crate::store::Store;

#[derive(Deserialize)]
pub(super) struct Feedback {
    touchpoint: String,
    score: u8,
}

#[monitor("/api/v1/feedback")]
pub(super) async fn create(
    State(store): State<Store>,
    State(business): State<Business>,
    Json(feedback): Json<Feedback>,
) -> Result<StatusCode, Error> {
    if !TOUCHPOINTS.contains(&feedback.touchpoint.as_str()) {
        return Err(Error::Invalid("nobody asks there"));
    }
    if !(1..=5).contains(&feedback.score) {
        return Err(Error::Invalid("a score is from 1 to 5"));
    }
    whole(async move {
        let Feedback { touchpoint, score } = feedback;
        store.keep_feedback(&touchpoint, score).await?;
        business.satisfaction(touchpoint, score);
        Ok(StatusCode::CREATED)
    })
    .await
}
