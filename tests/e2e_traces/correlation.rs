//! Two services, a real Prometheus for each, and a real Jaeger: from a metric to the trace of a request to all of its log lines, and back. Alone
//! in its file, since one of the services is this process.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as PathParameter, State};
use axum::http::{Request, StatusCode};
use axum::routing::get;
use ecolaura_monitoring::http::MonitorClient;
use ecolaura_monitoring::{LogFormat, Monitoring, monitor};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tower::{Layer as _, ServiceExt as _};
use tracing::info;

use support::alone;
use support::client::Client;
use support::ecs;
use support::eventually::eventually;
use support::folder::empty_folder;
use support::jaeger::{Jaeger, Places, Trace};
use support::lines::Lines;
use support::prometheus::{Prometheus, Server};
use support::shop::Shop;

/// The service in this process: it shows what the shop has.
#[derive(Clone)]
struct Storefront {
    shop: MonitorClient<HttpClient<HttpConnector, Body>>,
    address: SocketAddr,
}

#[monitor("/shelf/{id}")]
async fn shelf(
    State(storefront): State<Storefront>,
    PathParameter(id): PathParameter<String>,
) -> StatusCode {
    info!(shelf = id, "a customer looks");
    let url = format!("http://{}/api/v1/products/{id}", storefront.address);
    let request = Request::get(url).body(Body::empty()).expect("a request");
    match storefront.shop.oneshot(request).await {
        Ok(answer) => answer.status(),
        Err(_) => StatusCode::BAD_GATEWAY,
    }
}

/// A line of a log, which keeps to the schema.
type Line = Map<String, Value>;

struct World {
    jaeger: Jaeger,
    shop: Shop,
    shop_metrics: Prometheus,
    lines: Lines,
    storefront_metrics: Prometheus,
    address: SocketAddr,
}

impl World {
    async fn new(folder: &Path) -> Self {
        let places = Places::free();
        let jaeger = Jaeger::start(folder, places).await;
        let collector = format!("http://{}", places.otlp);
        let variables = [
            ("OTEL_TRACES_EXPORTER", "otlp"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector),
            ("OTEL_BSP_SCHEDULE_DELAY", "200"),
            ("RUST_LOG", "info,database=debug"),
        ];
        let shop = Shop::open_with(&folder.join("shop.sqlite"), &variables).await;
        let (lines, no_rules) = (Lines::default(), json!([]));
        let monitoring = Monitoring::builder("storefront")
            .listen(([127, 0, 0, 1], 0))
            .traces(|traces| traces.otlp_endpoint(collector))
            .logs(|logs| logs.writer(lines.clone()))
            .logs(|logs| logs.format(LogFormat::Ecs))
            .init()
            .expect("a monitoring");
        let scraped = |folder: &str, job: &'static str, target| {
            let folder = empty_folder(folder);
            let rules = no_rules.clone();
            async move { Prometheus::start(Server::THREE, &folder, job, target, rules).await }
        };
        let own = monitoring.listen_addr().expect("a listener");
        Self {
            shop_metrics: scraped("e2e_correlation_shop", "ecolaura-api", shop.monitoring).await,
            storefront_metrics: scraped("e2e_correlation_storefront", "storefront", own).await,
            address: open_storefront(monitoring, shop.address).await,
            jaeger,
            shop,
            lines,
        }
    }

    /// A customer looks at a shelf.
    async fn look(&self, id: &str) -> u16 {
        let url = format!("http://{}/shelf/{id}", self.address);
        let (status, _) = Client::new()
            .send("GET", &url, "")
            .await
            .expect("an answer");
        status
    }

    /// The lines of both services with this trace id, which are so many.
    async fn lines(&self, trace: &str, number: usize) -> Vec<Line> {
        eventually("all lines of the request", async || {
            let all = [self.lines.all(), self.shop.log()].concat();
            let all = all.iter().map(|line| ecs::checked(line));
            let own: Vec<Line> = all
                .filter(|line| line.get("trace.id") == Some(&json!(trace)))
                .collect();
            match own.len() == number {
                true => Ok(own),
                false => Err(format!("{own:#?}")),
            }
        })
        .await
    }

    async fn trace(&self, id: &str, spans: usize) -> Trace {
        eventually("the trace", async || {
            self.jaeger.whole_trace(id, spans).await
        })
        .await
    }
}

/// Serves the storefront as long as the test lasts.
async fn open_storefront(monitoring: Monitoring, shop: SocketAddr) -> SocketAddr {
    let client = HttpClient::builder(TokioExecutor::new()).build_http();
    let storefront = Storefront {
        shop: monitoring.client_layer("shop").layer(client),
        address: shop,
    };
    let app = Router::new()
        .route("/shelf/{id}", get(shelf))
        .with_state(storefront)
        .layer(monitoring.layer());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let never = std::future::pending();
        monitoring.serve_until(listener, app, never).await
    });
    address
}

/// The trace ids that the exemplars of a series lead to, once there are some.
async fn exemplars(of: &Prometheus, series: &str) -> BTreeSet<String> {
    let hour = Duration::from_secs(3600);
    eventually("an exemplar", async || {
        let [start, end] = [SystemTime::now() - hour, SystemTime::now() + hour];
        let found = of.query_exemplars(series, start, end).await?;
        let ids = found
            .iter()
            .map(|exemplar| exemplar.labels["trace_id"].clone());
        let ids: BTreeSet<String> = ids.collect();
        match ids.is_empty() {
            true => Err(format!("{series} has none")),
            false => Ok(ids),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_metric_to_the_log_and_back() {
    if !alone!() {
        return;
    }
    let world = World::new(&empty_folder("e2e_correlation")).await;
    assert_eq!(world.look("1").await, 200);

    // From the metrics of the service that the customer uses, and those of the one behind it …
    let own = r#"http_request_duration_seconds_bucket{endpoint="/shelf/{id}"}"#;
    let found = exemplars(&world.storefront_metrics, own).await;
    for (metrics, series) in [
        (
            &world.storefront_metrics,
            r#"http_client_request_duration_seconds_bucket{peer="shop"}"#,
        ),
        (
            &world.storefront_metrics,
            r#"request_latency_seconds_bucket{endpoint="/shelf/{id}"}"#,
        ),
        (
            &world.shop_metrics,
            r#"http_request_duration_seconds_bucket{endpoint="/api/v1/products/{id}"}"#,
        ),
        (
            &world.shop_metrics,
            r#"db_query_duration_seconds_bucket{operation="SELECT",outcome="success"}"#,
        ),
    ] {
        assert_eq!(exemplars(metrics, series).await, found, "{series}");
    }
    let trace_id = found.first().expect("one");

    // … to what was done for the request in both …
    let trace = world.trace(trace_id, 6).await;
    let services: BTreeSet<_> = trace.services.iter().map(String::as_str).collect();
    assert_eq!(services, BTreeSet::from(["ecolaura-api", "storefront"]));
    let way = [
        ("GET /shelf/{id}", "server"),
        ("shelf", "internal"),
        ("GET", "client"),
        ("GET /api/v1/products/{id}", "server"),
        ("show", "internal"),
        ("SELECT product", "client"),
    ];
    for (above, below) in way.iter().zip(&way[1..]) {
        let above = trace.span(above.0);
        let parent = (above.trace.clone(), above.id.clone());
        assert_eq!(trace.span(below.0).parent, Some(parent), "{}", below.0);
    }
    for (name, kind) in way {
        assert_eq!(trace.span(name).tag("span.kind"), kind, "{name}");
        assert_eq!(trace.span(name).tag("error"), "", "{name}");
    }
    let query = trace.span("SELECT product");
    assert_eq!(
        query.tag("db.query.text"),
        "SELECT * FROM products WHERE id = ?"
    );
    assert_eq!(trace.span("GET").tag("peer.service"), "shop");

    // … to every line that was written meanwhile, each with the span that it was written in …
    let lines = world.lines(trace_id, 4).await;
    for (service, message, span) in [
        ("storefront", "a customer looks", "shelf"),
        ("storefront", "GET /shelf/1 200", "GET /shelf/{id}"),
        ("ecolaura-api", "SELECT product", "SELECT product"),
        (
            "ecolaura-api",
            "GET /api/v1/products/1 200",
            "GET /api/v1/products/{id}",
        ),
    ] {
        let is = |line: &&Line| line["message"] == message;
        let line = lines
            .iter()
            .find(is)
            .unwrap_or_else(|| panic!("{message}: {lines:#?}"));
        assert_eq!(line["service.name"], service);
        assert_eq!(line["span.id"], trace.span(span).id, "{message}");
    }

    // … and back: from the line of a request that failed to its trace, and to the time that it took.
    assert_eq!(world.look("4711").await, 404);
    let failed = eventually("the line of what failed", async || {
        let all = world.lines.all();
        let all = all.iter().map(|line| ecs::checked(line));
        let mut failed = all.filter(|line| line.get("event.outcome") == Some(&json!("failure")));
        failed.next().ok_or("it is not there".to_owned())
    })
    .await;
    let trace_id = failed["trace.id"].as_str().expect("an id");
    let trace = world.trace(trace_id, 6).await;
    assert_eq!(
        trace.span("GET /shelf/{id}").id,
        failed["span.id"].as_str().expect("an id")
    );
    assert_eq!(trace.span("GET").tag("http.response.status_code"), "404");
    world.lines(trace_id, 4).await;
    let series =
        r#"http_request_duration_seconds_bucket{endpoint="/shelf/{id}",status_code="404"}"#;
    let found = exemplars(&world.storefront_metrics, series).await;
    assert_eq!(found, BTreeSet::from([trace_id.to_owned()]));
}
