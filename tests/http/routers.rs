//! However an app is put together, a request is counted once and under the template of its route.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::StatusCode;

use support::battery::monitoring;
use support::exchange::check_counts;

async fn four() -> &'static str {
    "four"
}

#[tokio::test]
async fn a_nested_router() {
    let monitoring = monitoring();
    let boxes = Router::new()
        .route("/", get(four))
        .route("/{id}", get(four));
    let api = Router::new()
        .nest("/boxes", boxes)
        .fallback(|| async { StatusCode::GONE });
    let app = Router::new()
        .nest("/api/{version}", api)
        .layer(monitoring.layer());
    check_counts(
        &monitoring,
        app,
        &[
            "GET /api/v1/boxes",
            "GET /api/v2/boxes/7",
            "GET /api/v1/nothing",
            "GET /nothing",
        ],
        &[
            "GET /api/{version}/boxes 200 success 1",
            "GET /api/{version}/boxes/{id} 200 success 1",
            "GET unmatched 410 client_error 1",
            "GET unmatched 404 client_error 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn inside_a_nested_router() {
    let monitoring = monitoring();
    let boxes = Router::new()
        .route("/{id}", get(four))
        .layer(monitoring.layer());
    let app = Router::new()
        .nest("/boxes", boxes)
        .route("/other", get(four));
    check_counts(
        &monitoring,
        app,
        &["GET /boxes/7", "GET /other", "GET /nothing"],
        &["GET /boxes/{id} 200 success 1"],
    )
    .await;
}

/// axum does not tell a layer which part of the path such a service matched, unless it is a router with the layer.
#[tokio::test]
async fn a_nested_service() {
    let monitoring = monitoring();
    let bare = Router::new().route("/{id}", get(four));
    let layered = bare.clone().layer(monitoring.layer());
    let app = Router::new()
        .nest_service("/bare", bare)
        .nest_service("/layered", layered)
        .layer(monitoring.layer());
    check_counts(
        &monitoring,
        app,
        &["GET /bare/7", "GET /layered/7", "GET /layered/7/8"],
        &[
            "GET unmatched 200 success 1",
            "GET /layered/{id} 200 success 1",
            "GET unmatched 404 client_error 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_fallback() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes", get(four))
        .fallback(four)
        .layer(monitoring.layer());
    check_counts(
        &monitoring,
        app,
        &["GET /boxes", "GET /nothing", "PUT /nothing/at/all"],
        &[
            "GET /boxes 200 success 1",
            "GET unmatched 200 success 1",
            "PUT unmatched 200 success 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_fallback_service() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes", get(four))
        .fallback_service(Router::new().route("/files/{*path}", get(four)))
        .layer(monitoring.layer());
    check_counts(
        &monitoring,
        app,
        &["GET /boxes", "GET /files/a/b", "GET /nothing"],
        &[
            "GET /boxes 200 success 1",
            "GET unmatched 200 success 1",
            "GET unmatched 404 client_error 1",
        ],
    )
    .await;
}

/// Static files, a sub-app and a fallback, with their templates on the layer.
#[tokio::test]
async fn services_whose_templates_the_layer_is_told() {
    let monitoring = monitoring();
    let files = Router::new().fallback(four);
    let sub_app = Router::new().route("/{id}", get(four));
    let templates = monitoring.layer().routes(["/static/{*path}", "/api/{id}"]);
    let templates = templates
        .expect("good templates")
        .routes(["/pages/{*path}"]);
    let app = Router::new()
        .route("/boxes/{id}", get(four))
        .nest_service("/static", files)
        .nest_service("/api", sub_app)
        .fallback(four)
        .layer(templates.expect("good templates"));
    check_counts(
        &monitoring,
        app,
        &[
            "GET /static/logo.svg",
            "GET /static/fonts/green.woff2",
            "GET /static/",
            "GET /static",
            "GET /api/7",
            "GET /api/7/8",
            "GET /pages/imprint",
            "GET /boxes/7",
            "GET /wp-login.php",
        ],
        &[
            "GET /static/{*path} 200 success 2",
            "GET /static/ 200 success 1",
            "GET /static 200 success 1",
            "GET /api/{id} 200 success 1",
            "GET unmatched 404 client_error 1",
            "GET /pages/{*path} 200 success 1",
            "GET /boxes/{id} 200 success 1",
            "GET unmatched 200 success 1",
        ],
    )
    .await;
}

#[test]
fn templates_of_the_layer_with_a_mistake() {
    for (templates, says) in [
        (["/boxes/{id", "/orders"], "`/boxes/{id`"),
        (["/boxes/{id}", "/boxes/{number}"], "`/boxes/{number}`"),
        (["/orders", "static/{*path}"], "does not start with `/`"),
        (["/orders", ""], "does not start with `/`"),
        (["/orders", "/static/*path"], "`*name`"),
        (["/orders", "/boxes/:id"], "`:name`"),
    ] {
        let error = monitoring().layer().routes(templates).expect_err(says);
        assert!(error.is_configuration(), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn merged_routers() {
    let monitoring = monitoring();
    let measured = Router::new()
        .route("/measured", get(four))
        .layer(monitoring.layer());
    let app = measured.merge(Router::new().route("/not", get(four)));
    check_counts(
        &monitoring,
        app,
        &["GET /measured", "GET /not"],
        &["GET /measured 200 success 1"],
    )
    .await;

    let monitoring = support::battery::monitoring();
    let app = Router::new()
        .route("/one", get(four))
        .merge(Router::new().route("/two/{id}", get(four)))
        .layer(monitoring.layer());
    check_counts(
        &monitoring,
        app,
        &["GET /one", "GET /two/2", "GET /three"],
        &[
            "GET /one 200 success 1",
            "GET /two/{id} 200 success 1",
            "GET unmatched 404 client_error 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_method_that_is_not_allowed() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes/{id}", get(four))
        .route(
            "/orders",
            post(four).fallback(|| async { StatusCode::CONFLICT }),
        )
        .layer(monitoring.layer());
    check_counts(
        &monitoring,
        app,
        &[
            "PUT /boxes/7",
            "HEAD /boxes/7",
            "GET /orders",
            "BREW /orders",
        ],
        &[
            "PUT /boxes/{id} 405 client_error 1",
            "HEAD /boxes/{id} 200 success 1",
            "GET /orders 409 client_error 1",
            "_OTHER /orders 409 client_error 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_wildcard() {
    let monitoring = monitoring();
    let app = Router::new()
        .route("/files/{*path}", get(four))
        .layer(monitoring.layer());
    check_counts(
        &monitoring,
        app,
        &["GET /files/a", "GET /files/a/b?c=d", "GET /files"],
        &[
            "GET /files/{*path} 200 success 2",
            "GET unmatched 404 client_error 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_router_with_state() {
    let monitoring = monitoring();
    let handler = |State(answer): State<&'static str>| async move { answer };
    let app = Router::new()
        .route("/boxes", get(handler))
        .layer(monitoring.layer())
        .with_state("four");
    check_counts(
        &monitoring,
        app,
        &["GET /boxes"],
        &["GET /boxes 200 success 1"],
    )
    .await;
}

#[tokio::test]
async fn a_middleware_that_answers_by_itself() {
    async fn guard(request: Request, next: Next) -> Response {
        match request.uri().query() {
            Some("secret") => next.run(request).await,
            _ => StatusCode::UNAUTHORIZED.into_response(),
        }
    }
    let monitoring = monitoring();
    let app = Router::new()
        .route("/boxes/{id}", get(four))
        .layer(from_fn(guard))
        .layer(monitoring.layer());
    check_counts(
        &monitoring,
        app,
        &["GET /boxes/7?secret", "GET /boxes/7", "GET /nothing"],
        &[
            "GET /boxes/{id} 200 success 1",
            "GET /boxes/{id} 401 client_error 1",
            "GET unmatched 401 client_error 1",
        ],
    )
    .await;
}
