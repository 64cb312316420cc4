//! The shop and a real Jaeger that it sends its spans to: an exemplar in Prometheus leads to the trace of the request, which says what
//! became of it and nothing that is secret; and a Jaeger that is away keeps no request waiting.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::get;
use ecolaura_monitoring::{Monitoring, TracingLayer};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection};
use tokio::time::{MissedTickBehavior, interval};
use tower::ServiceExt as _;
use tracing::instrument::WithSubscriber as _;
use tracing::{error, info_span, instrument};
use tracing_subscriber::layer::SubscriberExt as _;

use support::eventually::eventually;
use support::folder::empty_folder;
use support::jaeger::{Jaeger, Places, Span, Trace};
use support::prometheus::{Exemplar, Prometheus, Server};
use support::shop::Shop;

const SERVICE: &str = "ecolaura-api";
const PRODUCT: &str = "/api/v1/products/{id}";
/// The span of a request for one.
const SHOW_PRODUCT: &str = "GET /api/v1/products/{id}";

#[tokio::test(flavor = "multi_thread")]
async fn an_exemplar_leads_to_the_trace_of_its_request() {
    let folder = empty_folder("e2e_jaeger_exemplar");
    let (jaeger, shop) = open(&folder).await;
    let prometheus =
        Prometheus::start(Server::THREE, &folder, SERVICE, shop.monitoring, json!([])).await;

    // Of nobody's trace: it begins one.
    let (path, status) = ("/api/v1/products/1", "200");
    assert_eq!(shop.send("GET", path, "").await, 200);
    let exemplar = exemplar(&prometheus, status).await;
    let trace = whole_trace(&jaeger, &exemplar.labels["trace_id"], 3).await;
    is_of_a_product(&trace, path, status, &exemplar);
    assert_eq!(trace.span(SHOW_PRODUCT).parent, None);

    // One that its sender does not record, and then one that it does.
    let (path, status) = ("/api/v1/products/4711", "404");
    let [unrecorded, recorded] = [Caller::new(), Caller::new()];
    for (caller, flags) in [(&unrecorded, "00"), (&recorded, "01")] {
        let traceparent = caller.traceparent(flags);
        let headers = [("traceparent", &*traceparent)];
        assert_eq!(shop.send_with("GET", path, &headers, "").await, 404);
    }
    let exemplar = self::exemplar(&prometheus, status).await;
    assert_eq!(exemplar.labels["trace_id"], recorded.trace);
    let trace = whole_trace(&jaeger, &recorded.trace, 3).await;
    is_of_a_product(&trace, path, status, &exemplar);
    let parent = (recorded.trace, recorded.span);
    assert_eq!(trace.span(SHOW_PRODUCT).parent, Some(parent));
    // It would have come before.
    let trace = jaeger.trace(&unrecorded.trace).await.expect("an answer");
    assert!(trace.is_none(), "its sender does not want it recorded");
}

/// The exemplar of the times of requests for a product that were answered like this.
async fn exemplar(prometheus: &Prometheus, status: &str) -> Exemplar {
    let series = format!(
        r#"http_request_duration_seconds_bucket{{endpoint="{PRODUCT}", status_code="{status}"}}"#
    );
    let hour = Duration::from_secs(3600);
    eventually("an exemplar", async || {
        let [start, end] = [SystemTime::now() - hour, SystemTime::now() + hour];
        let found = prometheus.query_exemplars(&series, start, end).await?;
        found.into_iter().next().ok_or("there is none".to_owned())
    })
    .await
}

/// The request and its handler, as measured with the exemplar.
fn is_of_a_product(trace: &Trace, path: &str, status: &str, exemplar: &Exemplar) {
    assert_eq!(trace.services, [SERVICE]);
    let request = trace.span(SHOW_PRODUCT);
    let ids = (&*request.trace, &*request.id);
    let labels = &exemplar.labels;
    assert_eq!(ids, (&*labels["trace_id"], &*labels["span_id"]));
    has_tags(
        request,
        &[
            ("span.kind", "server"),
            ("http.request.method", "GET"),
            ("http.route", PRODUCT),
            ("http.response.status_code", status),
            ("url.path", path),
            ("error.type", ""),
            ("error", ""),
        ],
    );
    // Both are the one time that was taken; Jaeger keeps millionths of a second.
    let measured = exemplar.value * 1e6;
    let differs = (request.duration as f64 - measured).abs();
    assert!(differs <= 1.5, "{} and {measured}", request.duration);

    let handler = trace.span("show");
    let parent = (request.trace.clone(), request.id.clone());
    assert_eq!(handler.parent, Some(parent));
    let function = ("code.function.name", "shop::api::products::show");
    has_tags(handler, &[("span.kind", "internal"), function]);
}
#[tokio::test(flavor = "multi_thread")]
async fn spans_arrive_by_grpc() {
    let folder = empty_folder("e2e_jaeger_grpc");
    let places = Places::free();
    let jaeger = Jaeger::start(&folder, places).await;
    let endpoint = format!("http://{}", places.grpc);
    let variables = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
    ];
    let shop = open_shop(&folder, places, &variables).await;
    for product in ["1", "2"] {
        let path = format!("/api/v1/products/{product}");
        let trace = traced(&jaeger, &shop, &path, 200, 3).await;
        let tags = [("url.path", &*path), ("http.response.status_code", "200")];
        has_tags(trace.span(SHOW_PRODUCT), &tags);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_says_what_went_wrong() {
    let folder = empty_folder("e2e_jaeger_errors");
    let (jaeger, shop) = open(&folder).await;
    let shop = Arc::new(shop);

    // What does not exist is no error of the shop.
    let trace = traced(&jaeger, &shop, "/wp-login.php", 404, 1).await;
    let astray = [
        ("span.kind", "server"),
        ("http.response.status_code", "404"),
        ("url.path", "/wp-login.php"),
        ("http.route", ""),
        ("error.type", ""),
        ("error", ""),
        ("otel.status_code", ""),
    ];
    has_tags(trace.span("GET"), &astray);
    let trace = traced(&jaeger, &shop, "/api/v1/products/4711", 404, 3).await;
    let of_the_client = [("http.route", PRODUCT), ("error.type", ""), ("error", "")];
    has_tags(trace.span(SHOW_PRODUCT), &of_the_client);

    client_leaves(&jaeger, &shop, &folder).await;

    let mut database = connect(&folder).await;
    let rename = database.execute("ALTER TABLE products RENAME TO gone");
    rename.await.expect("the shop's table");
    let trace = traced(&jaeger, &shop, "/api/v1/products/1", 500, 3).await;
    let failed = [
        ("http.response.status_code", "500"),
        ("error.type", "500"),
        ("error", "true"),
        ("otel.status_code", "ERROR"),
    ];
    has_tags(trace.span(SHOW_PRODUCT), &failed);
    has_tags(trace.span("show"), &[("error", "true")]);
    // What the shop logged meanwhile is why.
    let logged = trace.spans.iter();
    let logged: Vec<String> = logged
        .flat_map(|span| span.logged("exception.message"))
        .collect();
    assert!(
        matches!(&logged[..], [cause] if cause.contains("no such table: products")),
        "{logged:?}"
    );
    let why = trace.span(SHOW_PRODUCT).tag("otel.status_description");
    assert_eq!(why, logged[0]);
}

#[instrument(err)]
fn returns_an_error() -> Result<(), std::io::Error> {
    Err(std::io::Error::other("no tape"))
}

/// What a service says of its spans is what Jaeger shows of them.
#[tokio::test(flavor = "multi_thread")]
async fn spans_of_tracing_say_what_they_are() {
    let folder = empty_folder("e2e_jaeger_tracing");
    let places = Places::free();
    let jaeger = Jaeger::start(&folder, places).await;
    let monitoring = Monitoring::builder(SERVICE)
        .logs(|logs| logs.without_subscriber())
        .traces(|traces| traces.otlp_endpoint(format!("http://{}", places.otlp)))
        .build()
        .expect("a monitoring");
    let handler = async || {
        info_span!("not shown", otel.name = "send mail", otel.kind = "producer").in_scope(|| {});
        let _ = info_span!("fine", otel.status_code = "OK");
        let span = info_span!("late", otel.status_code = "ERROR");
        span.in_scope(|| error!(exception.type = "Late", "too late"));
        let _ = returns_an_error();
    };
    let app = Router::new()
        .route("/tracing", get(handler))
        .layer(monitoring.layer());
    let caller = Caller::new();
    let request = http::Request::get("/tracing").header("traceparent", caller.traceparent("01"));
    let request = request.body(Body::empty()).expect("a request");
    let subscriber = tracing_subscriber::registry().with(TracingLayer::new());
    let answer = app.oneshot(request).with_subscriber(subscriber).await;
    let answer = answer.expect("an answer").into_body();
    to_bytes(answer, 100).await.expect("an empty body");
    assert!(monitoring.flush(Duration::from_secs(20)).await.is_ok());

    let trace = whole_trace(&jaeger, &caller.trace, 5).await;
    has_tags(trace.span("send mail"), &[("span.kind", "producer")]);
    has_tags(
        trace.span("fine"),
        &[("otel.status_code", "OK"), ("error", "")],
    );
    for (name, event, why) in [
        ("late", "too late", "too late"),
        ("returns_an_error", "exception", "no tape"),
    ] {
        let span = trace.span(name);
        let failed = [
            ("error", "true"),
            ("otel.status_code", "ERROR"),
            ("otel.status_description", why),
        ];
        has_tags(span, &failed);
        assert_eq!(span.logged("event"), [event], "{name}");
    }
    assert_eq!(trace.span("late").logged("exception.type"), ["Late"]);
    let messages = trace.span("returns_an_error").logged("exception.message");
    assert_eq!(messages, ["no tape"]);
    has_tags(trace.span("GET /tracing"), &[("error", "")]);
}

/// A client gives up while its order waits for the database, which somebody else holds.
async fn client_leaves(jaeger: &Jaeger, shop: &Arc<Shop>, folder: &Path) {
    const ORDERS: &str = "/api/v1/orders";
    let mut lock = connect(folder).await;
    lock.execute("BEGIN IMMEDIATE").await.expect("the lock");
    let caller = Caller::new();
    let order = tokio::spawn({
        let (shop, traceparent) = (Arc::clone(shop), caller.traceparent("01"));
        async move {
            let body = r#"{"items":[{"product_id":1,"quantity":2}]}"#;
            let headers = [("traceparent", &*traceparent)];
            shop.send_with("POST", ORDERS, &headers, body).await
        }
    });
    eventually("the order is under way", async || {
        let is_order = |line: &&str| {
            line.starts_with("http_requests_in_flight{")
                && line.contains(&format!("endpoint=\"{ORDERS}\""))
        };
        let metrics = shop.metrics().await;
        match metrics.lines().find(is_order) {
            Some(line) if line.ends_with(" 1") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    order.abort();

    let name = format!("POST {ORDERS}");
    let trace = eventually("the order's trace", async || {
        match jaeger.trace(&caller.trace).await? {
            Some(trace) if trace.spans.iter().any(|span| span.name == name) => Ok(trace),
            _ => Err("it is not there".to_owned()),
        }
    })
    .await;
    lock.close().await.expect("the database is free again");
    let left = [
        ("http.response.status_code", ""),
        ("error.type", "cancelled"),
        ("error", "true"),
        ("otel.status_code", "ERROR"),
        (
            "otel.status_description",
            "the client went away before the answer",
        ),
    ];
    has_tags(trace.span(&name), &left);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_in_a_trace() {
    const CANARY: &str = "canary-9c1f";
    let folder = empty_folder("e2e_jaeger_secrets");
    let (jaeger, shop) = open(&folder).await;

    let login = format!(r#"{{"email":"{CANARY}@ecolaura.example","password":"{CANARY}"}}"#);
    let secrets = ["authorization", "cookie", "x-api-key", "baggage", "referer"]
        .map(|name| (name, format!("token={CANARY}")));
    let mut database = connect(&folder).await;
    for (method, path, body, status, spans) in [
        ("GET", "/api/v1/products/1", "", 200, 3),
        ("GET", "/wp-login.php", "", 404, 1),
        ("POST", "/api/v1/login", &login, 401, 3),
        ("POST", "/api/v1/login", CANARY, 400, 1),
        ("POST", "/api/v1/login", &login, 500, 3),
    ] {
        if status == 500 {
            // What goes wrong is logged, and may say more than what goes well.
            let rename = database.execute("ALTER TABLE customers RENAME TO gone");
            rename.await.expect("the shop's table");
        }
        let (caller, url) = (Caller::new(), format!("{path}?token={CANARY}"));
        let traceparent = caller.traceparent("01");
        let mut headers: Vec<(&str, &str)> = vec![("traceparent", &traceparent)];
        headers.extend(secrets.iter().map(|(name, value)| (*name, &**value)));
        assert_eq!(shop.send_with(method, &url, &headers, body).await, status);
        let trace = whole_trace(&jaeger, &caller.trace, spans).await;
        assert!(trace.answer.contains(path), "{}", trace.answer);
        assert!(!trace.answer.contains(CANARY), "{}", trace.answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_while_jaeger_is_away() {
    let folder = empty_folder("e2e_jaeger_away");
    let places = Places::free();
    let jaeger = Jaeger::start(&folder, places).await;
    // Little time and little room, so that neither is there for long.
    let limits = [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "32"),
    ];
    let shop = open_shop(&folder, places, &limits).await;
    let shop = Arc::new(shop);
    let answers: Arc<Mutex<BTreeMap<u16, u64>>> = Arc::default();
    let load = tokio::spawn(visit(Arc::clone(&shop), Arc::clone(&answers)));
    more_are_answered(&answers).await;
    new_traces_arrive(&jaeger, &shop).await;

    drop(jaeger);
    more_are_answered(&answers).await;
    for reason in ["export_failed", "queue_full"] {
        let before = lost(&shop, reason).await;
        eventually("spans that are lost are counted", async || {
            match lost(&shop, reason).await {
                now if now > before => Ok(()),
                now => Err(format!("{reason}: {now}")),
            }
        })
        .await;
    }
    more_are_answered(&answers).await;

    let jaeger = Jaeger::start(&folder, places).await;
    new_traces_arrive(&jaeger, &shop).await;
    more_are_answered(&answers).await;
    load.abort();
    let end = load.await.expect_err("it never ends by itself");
    assert!(end.is_cancelled(), "{end}");
    let answers = answers.lock().expect("nobody panicked");
    assert!(answers.keys().eq(&[200]), "{answers:?}");
}

/// Visits the shop, some hundred times a second, and counts its answers by status.
async fn visit(shop: Arc<Shop>, answers: Arc<Mutex<BTreeMap<u16, u64>>>) {
    let mut pace = interval(Duration::from_millis(5));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        let status = shop.send("GET", "/api/v1/products/1", "").await;
        let mut answers = answers.lock().expect("nobody panicked");
        *answers.entry(status).or_default() += 1;
    }
}

async fn more_are_answered(answers: &Mutex<BTreeMap<u16, u64>>) {
    let answered = || -> u64 {
        let answers = answers.lock().expect("nobody panicked");
        answers.values().sum()
    };
    let before = answered();
    eventually("requests are answered", async || {
        match answered() - before {
            100.. => Ok(()),
            so_far => Err(format!("{so_far} of 100")),
        }
    })
    .await;
}

/// The spans that the shop has lost for this reason.
async fn lost(shop: &Shop, reason: &str) -> u64 {
    let metrics = shop.metrics().await;
    let series = format!("monitoring_spans_dropped_total{{reason=\"{reason}\"}} ");
    let value = metrics.lines().find_map(|line| line.strip_prefix(&series));
    let value = value.unwrap_or_else(|| panic!("no {series}in\n{metrics}"));
    value.parse().expect("a whole number")
}

/// Sends requests until the trace of one of them is there.
async fn new_traces_arrive(jaeger: &Jaeger, shop: &Shop) {
    let mut callers = Vec::new();
    eventually("traces arrive", async || {
        let caller = Caller::new();
        let traceparent = caller.traceparent("01");
        let headers = [("traceparent", &*traceparent)];
        let path = "/api/v1/products/2";
        assert_eq!(shop.send_with("GET", path, &headers, "").await, 200);
        callers.push(caller);
        for caller in &callers {
            if jaeger.trace(&caller.trace).await?.is_some() {
                return Ok(());
            }
        }
        Err(format!("none of {}", callers.len()))
    })
    .await;
}

// --- what the tests share -------------------------------------------------------------------------------------------------------

/// A span of a client, in whose trace it sends requests.
struct Caller {
    trace: String,
    span: String,
}

impl Caller {
    fn new() -> Self {
        Self {
            trace: format!("{:032x}", fastrand::u128(1..)),
            span: format!("{:016x}", fastrand::u64(1..)),
        }
    }

    fn traceparent(&self, flags: &str) -> String {
        format!("00-{}-{}-{flags}", self.trace, self.span)
    }
}

/// Sends a GET in a trace of its own, and waits until Jaeger has all of it.
async fn traced(jaeger: &Jaeger, shop: &Shop, path: &str, status: u16, spans: usize) -> Trace {
    let caller = Caller::new();
    let traceparent = caller.traceparent("01");
    let headers = [("traceparent", &*traceparent)];
    assert_eq!(shop.send_with("GET", path, &headers, "").await, status);
    whole_trace(jaeger, &caller.trace, spans).await
}

async fn whole_trace(jaeger: &Jaeger, id: &str, spans: usize) -> Trace {
    eventually("the trace", async || jaeger.whole_trace(id, spans).await).await
}

/// The tags have these values; nothing is said of those that are empty here.
fn has_tags(span: &Span, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(span.tag(name), *value, "{name} of {span:#?}");
    }
}

async fn open(folder: &Path) -> (Jaeger, Shop) {
    let places = Places::free();
    let jaeger = Jaeger::start(folder, places).await;
    (jaeger, open_shop(folder, places, &[]).await)
}

/// The shop, which sends its spans there.
async fn open_shop(folder: &Path, to: Places, more: &[(&str, &str)]) -> Shop {
    let endpoint = format!("http://{}", to.otlp);
    let variables = [
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_BSP_SCHEDULE_DELAY", "200"),
    ];
    Shop::open_with(&database(folder), &[&variables, more].concat()).await
}

fn database(folder: &Path) -> PathBuf {
    folder.join("shop.sqlite")
}

/// A connection of our own to the shop's database.
async fn connect(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(database(folder));
    options.connect().await.expect("the shop's database")
}
