//! Wherever the layer stands in an app, and however often, a request is counted once.

use std::fmt::Debug;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler as _;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use ecolaura_monitoring::Monitoring;
use tower::Layer as _;
use tower::Service;

use support::battery::monitoring;
use support::exchange::check_counts;

async fn four() -> &'static str {
    "four"
}

// --- other places for the layer ---------------------------------------------------------------------------------------------

/// A `route_layer` sees what a route matched, and nothing else.
#[tokio::test]
async fn as_a_route_layer() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes/{id}", get(four))
        .route_layer(monitoring.layer());
    check_counts(
        &monitoring,
        app,
        &["GET /boxes/7", "PUT /boxes/7", "GET /nothing"],
        &[
            "GET /boxes/{id} 200 success 1",
            "PUT /boxes/{id} 405 client_error 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn on_one_route() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes", get(four).layer(monitoring.layer()))
        .route("/orders", get(four.layer(monitoring.layer())))
        .route("/other", get(four));
    check_counts(
        &monitoring,
        app,
        &["GET /boxes", "GET /orders", "GET /other", "PUT /orders"],
        &["GET /boxes 200 success 1", "GET /orders 200 success 1"],
    )
    .await;
}

// --- more than one of it ----------------------------------------------------------------------------------------------------

const EACH_ONCE: [&str; 2] = [
    "GET /boxes/{id} 200 success 1",
    "GET unmatched 404 client_error 1",
];

async fn check_each_once<S, B>(monitoring: &Monitoring, app: S)
where
    S: Service<Request, Response = Response<B>, Error: Debug> + Clone,
    B: http_body::Body<Error: Debug>,
{
    check_counts(
        monitoring,
        app,
        &["GET /boxes/7", "GET /nothing"],
        &EACH_ONCE,
    )
    .await;
}

#[tokio::test]
async fn twice_by_mistake() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes/{id}", get(four))
        .layer(monitoring.layer())
        .layer(from_fn(|request: Request, next: Next| next.run(request)))
        .layer(monitoring.clone().layer());
    check_each_once(&monitoring, app).await;
}

#[tokio::test]
async fn as_a_route_layer_and_as_a_layer() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes/{id}", get(four))
        .route_layer(monitoring.layer())
        .layer(monitoring.layer());
    check_each_once(&monitoring, app).await;
}

#[tokio::test]
async fn around_a_router_with_the_layer() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes/{id}", get(four))
        .layer(monitoring.layer());
    check_each_once(&monitoring, monitoring.around(app)).await;
}

#[tokio::test]
async fn around_a_router_with_a_route_layer() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes/{id}", get(four))
        .route_layer(monitoring.layer());
    check_each_once(&monitoring, monitoring.around(app)).await;
}

#[tokio::test]
async fn around_around() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes/{id}", get(four))
        .layer(monitoring.layer());
    let app = monitoring.layer().layer(monitoring.around(app));
    check_each_once(&monitoring, monitoring.around(app)).await;
}
