//! Handlers that are not measured as they say are logged, once each, with what to do.

use std::sync::LazyLock;

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::{Monitoring, monitor};

use support::alone;
use support::battery::monitoring;
use support::captured::Captured;
use support::exchange::{request, send};

static INITIALISED: LazyLock<Monitoring> = LazyLock::new(|| {
    let builder = Monitoring::builder("test").without_listener();
    let builder = builder.without_logs().without_traces();
    builder.init().expect("once")
});

/// What is logged while these paths are asked for, three times each.
async fn logged(app: Router, paths: &[&str]) -> Vec<String> {
    let (captured, _guard) = Captured::start();
    for path in paths.repeat(3) {
        let (status, _) = send(app.clone(), request(&format!("GET {path}"))).await;
        assert_eq!(status, 200, "{path}");
    }
    captured.lines("#[monitor")
}

/// Expects one warning with all these texts.
#[track_caller]
fn one(lines: &[String], texts: &[&str]) {
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].starts_with("WARN "), "{lines:#?}");
    for text in texts {
        assert!(lines[0].contains(text), "{text} is not in {lines:#?}");
    }
}

#[tokio::test]
async fn a_layer_before_the_routes() {
    if !alone!() {
        return;
    }
    #[monitor("/boxes/{id}")]
    async fn boxes() -> &'static str {
        "four"
    }
    let app = Router::new()
        .layer(INITIALISED.layer())
        .route("/boxes/{id}", get(boxes));
    let lines = logged(app, &["/boxes/7"]).await;
    one(
        &lines,
        &[
            "`globals::misuse::boxes` has #[monitor(\"/boxes/{id}\")]",
            "outside of the monitoring layer",
            "`.layer(monitoring.layer())` after the last route",
        ],
    );
}

#[tokio::test]
async fn a_path_that_is_not_the_matched_one() {
    if !alone!() {
        return;
    }
    #[monitor("/wrong/{name}")]
    async fn wrong() -> &'static str {
        "four"
    }
    #[monitor("/items")]
    async fn nested() -> &'static str {
        "four"
    }
    #[monitor("/wrong")]
    fn returned() -> impl Future<Output = &'static str> + Send {
        std::future::ready("four")
    }
    let monitoring = monitoring();
    let app = Router::new()
        .route("/returned", get(returned))
        .layer(monitoring.layer());
    let lines = logged(app, &["/returned"]).await;
    one(&lines, &["matched `/returned`"]);
    let app = Router::new()
        .route("/h/{id}", get(wrong))
        .layer(monitoring.layer());
    let lines = logged(app, &["/h/7"]).await;
    one(
        &lines,
        &[
            "#[monitor(\"/wrong/{name}\")]",
            "matched `/h/{id}`",
            "Write #[monitor(\"/h/{id}\")]",
        ],
    );
    let app = Router::new()
        .nest("/api", Router::new().route("/items", get(nested)))
        .layer(monitoring.layer());
    let lines = logged(app, &["/api/items"]).await;
    one(&lines, &["matched `/api/items`"]);
}

#[tokio::test]
async fn a_path_without_its_slash() {
    if !alone!() {
        return;
    }
    #[monitor("products")]
    async fn of_this_route() -> &'static str {
        "four"
    }
    let monitoring = monitoring();
    let app = Router::new()
        .route("/products", get(of_this_route))
        .layer(monitoring.layer());
    one(
        &logged(app, &["/products"]).await,
        &["#[monitor(\"/products\")]"],
    );
}

/// What is right is not logged: the matched path, a path below a wildcard, a handler and what it calls, a named function, and paths
/// where no route is known.
#[tokio::test]
async fn what_is_as_it_should_be() {
    if !alone!() {
        return;
    }
    #[monitor("/boxes")]
    async fn boxes() -> &'static str {
        helper().await;
        warehouse().await
    }
    #[monitor("/warehouse")]
    async fn warehouse() -> &'static str {
        "four"
    }
    #[monitor("boxes")]
    async fn helper() {}
    #[monitor("/shop.Press/Print")]
    async fn print() -> &'static str {
        "four"
    }
    #[monitor("named")]
    async fn named() -> &'static str {
        "four"
    }
    #[monitor("/around")]
    async fn around() -> &'static str {
        "four"
    }
    let app = Router::new()
        .route("/boxes", get(boxes))
        .route("/warehouse", get(warehouse))
        .route("/shop.Press/{*rest}", get(print))
        .route("/names/{name}", get(named));
    let paths = ["/boxes", "/warehouse", "/shop.Press/Print", "/names/7"];
    let lines = logged(app.layer(INITIALISED.layer()), &paths).await;
    assert_eq!(lines, [""; 0]);
    let (captured, _guard) = Captured::start();
    let app = Router::new().route("/elsewhere", get(around));
    send(INITIALISED.around(app), request("GET /elsewhere")).await;
    assert_eq!(captured.lines("#[monitor"), [""; 0]);
}

/// A job that calls what is no handler, and one that calls a handler which requests have reached before.
#[tokio::test]
async fn work_outside_of_requests() {
    if !alone!() {
        return;
    }
    #[monitor("/counted")]
    fn counted() -> u32 {
        7
    }
    #[monitor("/report")]
    async fn report() -> &'static str {
        "four"
    }
    let app = Router::new()
        .route("/report", get(report))
        .layer(INITIALISED.layer());
    assert_eq!(logged(app, &["/report"]).await, [""; 0]);
    let (captured, _guard) = Captured::start();
    counted();
    report().await;
    INITIALISED.enter(|| drop(report()));
    assert_eq!(captured.lines("#[monitor"), [""; 0]);
}
