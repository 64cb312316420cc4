//! The shop and a real Prometheus that scrapes it: what Prometheus counts is what the clients sent, and the queries that alerts
//! and dashboards stand on have data.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection};
use tokio::task::JoinSet;

use support::eventually::eventually;
use support::folder::empty_folder;
use support::prometheus::{Format, Prometheus, Server, check_metrics};
use support::shop::Shop;

const JOB: &str = "ecolaura-api";

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_sees_what_clients_sent() {
    let folder = empty_folder("e2e_prometheus");
    let database = folder.join("shop.sqlite");
    let shop = Arc::new(Shop::open(&database).await);
    let rules = json!([{
        "record": "job:request_latency_seconds:mean5m",
        "expr": "sum by (job) (rate(request_latency_seconds_sum[5m]))
            / sum by (job) (rate(request_latency_seconds_count[5m]))",
    }]);
    let prometheus =
        Prometheus::start(Server::PACKAGED, &folder, JOB, shop.monitoring, rules).await;
    let mut sent = Sent::default();

    target_is_up(&prometheus).await;
    // Twice, since a rate is made of what is added to a series that was there before.
    for _ in 0..2 {
        visit_every_route(&shop, &mut sent).await;
        counts_are(&prometheus, &sent).await;
    }
    order_while_the_database_is_locked(&shop, &database, &prometheus, &mut sent).await;
    counts_are(&prometheus, &sent).await;
    nothing_is_in_flight(&prometheus).await;

    requests_by_status_have_data(&prometheus).await;
    durations_by_bucket_have_data(&prometheus).await;
    mean_latency_alert_has_data(&prometheus).await;
    assert_eq!(check_metrics(&shop.metrics().await), "");
}

/// The old and the new, whatever they ask for.
#[tokio::test(flavor = "multi_thread")]
async fn every_prometheus_can_scrape() {
    const SERVERS: [Server; 5] = [
        Server::PACKAGED,
        Server::PACKAGED.asking_for(Format::Protobuf),
        Server::THREE,
        Server::THREE.asking_for(Format::Text),
        Server::THREE.asking_for(Format::Protobuf),
    ];
    let folder = empty_folder("e2e_every_prometheus");
    let shop = Shop::open(&folder.join("shop.sqlite")).await;
    let mut sent = Sent::default();
    visit_every_route(&shop, &mut sent).await;

    let mut servers = Vec::new();
    for (number, server) in SERVERS.into_iter().enumerate() {
        let folder = folder.join(number.to_string());
        fs::create_dir(&folder).expect("a folder of the server's own");
        servers.push(Prometheus::start(server, &folder, JOB, shop.monitoring, json!([])).await);
    }
    for prometheus in &servers {
        target_is_up(prometheus).await;
        counts_are(prometheus, &sent).await;
    }
}

/// One request, and what is counted for it.
#[derive(Clone, Copy)]
struct Visit {
    method: &'static str,
    path: &'static str,
    body: &'static str,
    endpoint: &'static str,
    status: u16,
    /// Whether it reaches the handler, where `#[monitor]` stands.
    handled: bool,
}

const ORDER: Visit = post(
    "/api/v1/orders",
    r#"{"items":[{"product_id":1,"quantity":2}]}"#,
    201,
);

const VISITS: &[Visit] = &[
    get("/api/v1/products", "/api/v1/products", 200),
    get("/api/v1/products", "/api/v1/products", 200),
    get("/api/v1/products", "/api/v1/products", 200).with("HEAD"),
    get("/api/v1/products", "/api/v1/products", 405)
        .with("DELETE")
        .unhandled(),
    get("/api/v1/products/1", "/api/v1/products/{id}", 200),
    get("/api/v1/products/2?x=y", "/api/v1/products/{id}", 200),
    get("/api/v1/products/4711", "/api/v1/products/{id}", 404),
    get("/api/v1/products/first", "/api/v1/products/{id}", 400).unhandled(),
    get("/wp-login.php", "unmatched", 404).unhandled(),
    get("/cgi-bin/luci", "unmatched", 404).unhandled(),
    ORDER,
    post("/api/v1/orders", r#"{"items":[]}"#, 422),
    post("/api/v1/orders", "two of everything", 400).unhandled(),
    post("/api/v1/login", r#"{"email":"a@b.c","password":"d"}"#, 401),
];

const fn get(path: &'static str, endpoint: &'static str, status: u16) -> Visit {
    Visit {
        method: "GET",
        path,
        body: "",
        endpoint,
        status,
        handled: true,
    }
}

const fn post(path: &'static str, body: &'static str, status: u16) -> Visit {
    Visit {
        method: "POST",
        body,
        ..get(path, path, status)
    }
}

impl Visit {
    const fn with(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// Answered on the way to the handler: no such route or method, or a path or body that it does not take.
    const fn unhandled(self) -> Self {
        Self {
            handled: false,
            ..self
        }
    }

    const fn outcome(&self) -> &'static str {
        match self.status {
            499 => "cancelled",
            400.. => "client_error",
            _ => "success",
        }
    }
}

/// How often each label set was sent.
type Counts = BTreeMap<Vec<String>, u64>;

/// What clients have sent, as the layer and as `#[monitor]` are to count it.
#[derive(Default)]
struct Sent {
    requests: Counts,
    calls: Counts,
}

impl Sent {
    fn add(&mut self, visit: &Visit) {
        let status = visit.status.to_string();
        let call = [visit.method, visit.endpoint, &status].map(str::to_owned);
        if visit.handled {
            *self.calls.entry(call.to_vec()).or_default() += 1;
        }
        let request = [call.as_slice(), &[visit.outcome().to_owned()]].concat();
        *self.requests.entry(request).or_default() += 1;
    }
}

async fn target_is_up(prometheus: &Prometheus) {
    eventually("the target is up", async || {
        match prometheus.target().await? {
            target if target.health == "up" && target.last_error.is_empty() => Ok(()),
            target => Err(format!("{target:?}")),
        }
    })
    .await;
}

async fn visit_every_route(shop: &Shop, sent: &mut Sent) {
    for visit in VISITS {
        let status = shop.send(visit.method, visit.path, visit.body).await;
        assert_eq!(status, visit.status, "{} {}", visit.method, visit.path);
        sent.add(visit);
    }
}

/// Customers who wait for a database that somebody else holds, one of whom gives up: a slow minute, in two seconds.
async fn order_while_the_database_is_locked(
    shop: &Arc<Shop>,
    database: &Path,
    prometheus: &Prometheus,
    sent: &mut Sent,
) {
    const PATIENT: usize = 60;

    let lock = lock(database).await;
    let order = |shop: &Arc<Shop>| {
        let shop = Arc::clone(shop);
        async move { shop.send(ORDER.method, ORDER.path, ORDER.body).await }
    };
    let mut patient: JoinSet<u16> = (0..PATIENT).map(|_| order(shop)).collect();
    let impatient = tokio::spawn(order(shop));

    // A second apart, so each of them waits for longer than that.
    let seen_twice = format!(
        r#"count_over_time((http_requests_in_flight{{endpoint="/api/v1/orders"}} == {})[20s:1s]) >= 2"#,
        PATIENT + 1,
    );
    eventually("two scrapes while all of them wait", async || {
        prometheus.value(&seen_twice).await
    })
    .await;
    impatient.abort();
    sent.add(&Visit {
        status: 499,
        ..ORDER
    });
    lock.close().await.expect("the database is free again");

    while let Some(status) = patient.join_next().await {
        assert_eq!(status.expect("an answer"), ORDER.status);
        sent.add(&ORDER);
    }
}

/// Keeps others from writing while it is open.
async fn lock(database: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(database);
    let mut lock = options.connect().await.expect("the shop's database");
    lock.execute("BEGIN IMMEDIATE").await.expect("the lock");
    lock
}

/// Prometheus has exactly these counts, and no series besides.
async fn counts_are(prometheus: &Prometheus, sent: &Sent) {
    let requests = r#"http_requests_total{job="ecolaura-api"}"#;
    let labels = ["method", "endpoint", "status_code", "outcome"];
    counted(prometheus, requests, &labels, &sent.requests).await;

    // A function that is no endpoint has a name without a slash.
    let calls = r#"request_count_total{job="ecolaura-api", endpoint=~"/.*"}"#;
    let labels = ["method", "endpoint", "http_status"];
    counted(prometheus, calls, &labels, &sent.calls).await;
}

async fn counted(prometheus: &Prometheus, selector: &str, labels: &[&str], sent: &Counts) {
    let by = labels.join(", ");
    let expression = format!("sum by ({by}) ({selector})");
    eventually(&expression, async || {
        let series = prometheus.query(&expression).await?;
        let counts = series.iter().map(|series| {
            let values = labels.iter().map(|label| series.label(label).to_owned());
            (values.collect(), series.value as u64)
        });
        let counts: Counts = counts.collect();
        if counts == *sent {
            Ok(())
        } else {
            Err(format!("{counts:#?}\nwas counted, and sent was\n{sent:#?}"))
        }
    })
    .await;
}

async fn nothing_is_in_flight(prometheus: &Prometheus) {
    let in_flight = r#"sum(http_requests_in_flight{job="ecolaura-api"})"#;
    eventually(in_flight, async || {
        match prometheus.value(in_flight).await? {
            0.0 => Ok(()),
            some => Err(format!("{some} are in flight")),
        }
    })
    .await;
}

/// Of the service's dashboard: requests per second by status.
async fn requests_by_status_have_data(prometheus: &Prometheus) {
    let expression = r#"sum(rate(http_requests_total{job="ecolaura-api"}[5m])) by (status_code)"#;
    let sent_twice = ["200", "201", "400", "401", "404", "405", "422"];
    eventually(expression, async || {
        let series = prometheus.query(expression).await?;
        let with_data = series.iter().filter(|series| series.value > 0.0);
        let mut statuses: Vec<_> = with_data
            .map(|series| series.label("status_code"))
            .collect();
        statuses.sort_unstable();
        match statuses == sent_twice {
            true => Ok(()),
            false => Err(format!("data for {statuses:?}")),
        }
    })
    .await;
}

/// Of the service's dashboard: the latency's histogram.
async fn durations_by_bucket_have_data(prometheus: &Prometheus) {
    const BOUNDS: [f64; 15] = [
        0.005,
        0.01,
        0.025,
        0.05,
        0.075,
        0.1,
        0.25,
        0.5,
        0.75,
        1.0,
        2.5,
        5.0,
        7.5,
        10.0,
        f64::INFINITY,
    ];
    let expression =
        r#"sum(rate(http_request_duration_seconds_bucket{job="ecolaura-api"}[5m])) by (le)"#;
    let series = prometheus.query(expression).await.expect("an answer");
    let mut buckets: Vec<(f64, f64)> = series
        .iter()
        .map(|series| (series.label("le").parse().expect("a bound"), series.value))
        .collect();
    buckets.sort_by(|(a, _), (b, _)| a.total_cmp(b));

    assert!(buckets.iter().map(|(bound, _)| *bound).eq(BOUNDS));
    assert!(buckets.is_sorted_by_key(|(_, rate)| *rate), "{buckets:?}");
    assert!(buckets[14].1 > 0.0, "{buckets:?}");
    // Those who waited for the database took longer than a second, and not longer than ten.
    assert!(buckets[9].1 < buckets[13].1, "{buckets:?}");
    assert_eq!(buckets[13].1, buckets[14].1);
}

/// Of the alert on slow requests: the mean is recorded, and above the threshold after the slow minute.
async fn mean_latency_alert_has_data(prometheus: &Prometheus) {
    let expression = r#"job:request_latency_seconds:mean5m{job="ecolaura-api"} > 0.5"#;
    let mean = eventually(expression, async || prometheus.value(expression).await).await;
    assert!((0.5..10.0).contains(&mean), "{mean}");
}
