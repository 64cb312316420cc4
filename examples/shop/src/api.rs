//! The routes of the shop; each group of handlers has its file.

mod boxes;
mod feedback;
mod login;
mod orders;
mod products;
mod recommendations;
mod subscriptions;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};

use ecolaura_monitoring::InCurrentTrace as _;
use ecolaura_monitoring::authentication::Authentication;
use ecolaura_monitoring::business::Business;

use crate::error::Error;
use crate::mail::Mail;
use crate::metrics::Metrics;
use crate::store::Store;

/// What handlers may ask for: `State<Store>`, `State<Metrics>`, …
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    pub(crate) store: Store,
    pub(crate) metrics: Metrics,
    pub(crate) authentication: Authentication,
    pub(crate) business: Business,
    pub(crate) mail: Mail,
}

/// Does what is stored and what is told of it to the end, also when the client has gone away: else the database would know of what nobody
/// counts.
async fn whole<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work.in_current_trace()).await?
}

pub(crate) fn router(state: AppState) -> Router {
    Router::new()
        .route("/api/v1/products", get(products::list))
        .route("/api/v1/products/{id}", get(products::show))
        .route("/api/v1/recommendations", get(recommendations::list))
        .route("/api/v1/subscriptions", post(subscriptions::create))
        .route("/api/v1/subscriptions/{id}", get(subscriptions::show))
        .route("/api/v1/boxes", post(boxes::create))
        .route("/api/v1/boxes/{id}/contents", post(boxes::curate))
        .route("/api/v1/boxes/{id}/stage", post(boxes::advance))
        .route("/api/v1/feedback", post(feedback::create))
        .route("/api/v1/orders", post(orders::create))
        .route("/api/v1/orders/{id}", get(orders::show))
        .route("/api/v1/orders/{id}/refund", post(orders::refund))
        .route("/api/v1/login", post(login::login))
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .with_state(state)
}
