//! Sign up for a box every month.

use axum::extract::State;
use axum::http::StatusCode;
use ecolaura_monitoring::business::Business;
use ecolaura_monitoring::monitor;
use serde::Deserialize;

use crate::api::whole;
use crate::business::SUBSCRIPTION;
use crate::error::Error;
use crate::extract::{Json, Path};
use crate::mail::{Letter, Mail};
use crate::purpose::Purpose;
use crate::store::{Plan, Store, Subscription};

#[derive(Deserialize)]
pub(super) struct SignUp {
    email: String,
    plan: Plan,
}

#[monitor("/api/v1/subscriptions")]
pub(super) async fn create(
    purpose: Purpose,
    State(store): State<Store>,
    State(business): State<Business>,
    State(mail): State<Mail>,
    Json(sign_up): Json<SignUp>,
) -> Result<(StatusCode, Json<Subscription>), Error> {
    if !is_address(&sign_up.email) {
        return Err(Error::Invalid("email is not an address"));
    }
    whole(async move {
        let SignUp { email, plan } = sign_up;
        let subscription = store.subscribe(&email, plan, purpose).await?;
        if purpose == Purpose::Real {
            business.signed_up(plan);
            business.step(SUBSCRIPTION, "sign_up");
            business.user_seen(&email);
            mail.send(Letter::Welcome);
        }
        Ok((StatusCode::CREATED, Json(subscription)))
    })
    .await
}

#[monitor("/api/v1/subscriptions/{id}")]
pub(super) async fn show(
    State(store): State<Store>,
    Path(id): Path<i64>,
) -> Result<Json<Subscription>, Error> {
    Ok(Json(store.subscription(id).await?))
}

/// Good enough to catch a slip; only a message that arrives proves an address.
fn is_address(email: &str) -> bool {
    let parts = email.split_once('@');
    email.len() <= 254 && parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}
