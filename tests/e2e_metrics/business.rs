//! What Prometheus says of the shop's business is what its database says: exactly, and of users within the error of a sketch.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};

use support::client::Client;
use support::eventually::eventually;
use support::folder::empty_folder;
use support::prometheus::{Prometheus, Server};
use support::shop::Shop;

const JOB: &str = "ecolaura-api";

/// What Prometheus is asked, and what the database is asked for the same.
const EXACT: &[(&str, &str)] = &[
    (
        "sum(subscription_signups_total{plan=\"seedling\"})",
        "SELECT count(*) FROM subscriptions WHERE plan = 'seedling'",
    ),
    (
        "sum(subscription_signups_total{plan=\"forest\"})",
        "SELECT count(*) FROM subscriptions WHERE plan = 'forest'",
    ),
    (
        "sum(revenue_total{currency=\"EUR\"}) * 100",
        "SELECT sum(total_cents) FROM orders",
    ),
    (
        "sum(refunds_total{currency=\"EUR\"}) * 100",
        "SELECT sum(total_cents) FROM orders WHERE is_refunded",
    ),
    (
        "sum(order_processing_seconds_count{outcome=\"completed\"})",
        "SELECT count(*) FROM orders",
    ),
    (
        "sum(subscription_box_stage_total{stage=\"created\"})",
        "SELECT count(*) FROM boxes",
    ),
    (
        "sum(subscription_box_stage_total{stage=\"curated\"})",
        "SELECT count(*) FROM box_moves WHERE to_stage = 'curated'",
    ),
    (
        "sum(subscription_box_stage_total{stage=\"packed\"})",
        "SELECT count(*) FROM box_moves WHERE to_stage = 'packed'",
    ),
    (
        "sum(subscription_box_stage_total{stage=\"shipped\"})",
        "SELECT count(*) FROM box_moves WHERE to_stage = 'shipped'",
    ),
    (
        "sum(subscription_box_stage_total{stage=\"delivered\"})",
        "SELECT count(*) FROM box_moves WHERE to_stage = 'delivered'",
    ),
    (
        "sum(subscription_box_stage_total{stage=\"returned\"})",
        "SELECT count(*) FROM box_moves WHERE to_stage = 'returned'",
    ),
    (
        "sum(subscription_box_stage_seconds_count{stage=\"packed\"})",
        "SELECT count(*) FROM box_moves WHERE from_stage = 'packed'",
    ),
    (
        "round(sum(subscription_box_stage_seconds_sum))",
        "SELECT round(sum(spent_seconds)) FROM box_moves",
    ),
    (
        "sum(subscription_box_fill_ratio_count)",
        "SELECT count(*) FROM box_moves WHERE to_stage = 'packed'",
    ),
    (
        "round(sum(subscription_box_fill_ratio_sum) * 12)",
        "SELECT count(*) FROM box_items JOIN box_moves USING (box_id) WHERE to_stage = 'packed'",
    ),
    (
        "sum(customer_satisfaction_score_sum)",
        "SELECT sum(score) FROM feedback",
    ),
    (
        "sum(customer_satisfaction_score_bucket{touchpoint=\"delivery\",le=~\"4(.0)?\"})",
        "SELECT count(*) FROM feedback WHERE touchpoint = 'delivery' AND score <= 4",
    ),
    (
        "sum(user_journey_steps_total{journey=\"subscription\",step=\"sign_up\"})",
        "SELECT count(*) FROM subscriptions",
    ),
    (
        "sum(user_journey_steps_total{journey=\"subscription\",step=\"box\"})",
        "SELECT count(*) FROM boxes",
    ),
];

/// Every number that the monitoring document names, as somebody would ask for it, and where it can lie.
const NAMED: &[(&str, &str, RangeInclusive<f64>)] = &[
    (
        "processor usage",
        "1 - sum(rate(system_cpu_seconds_total{scope=\"host\",mode=\"idle\"}[1m])) / sum(rate(system_cpu_seconds_total{scope=\"host\"}[1m]))",
        0.0..=1.0,
    ),
    (
        "memory utilisation",
        "sum(system_memory_used_bytes{scope=\"host\"}) / sum(system_memory_limit_bytes{scope=\"host\"})",
        0.001..=1.0,
    ),
    (
        "disk input and output",
        "sum(rate(system_disk_bytes_total{scope=\"host\"}[1m]))",
        0.0..=1e11,
    ),
    (
        "network traffic",
        "sum(rate(system_network_bytes_total[1m]))",
        0.0..=1e11,
    ),
    (
        "busy workers",
        "sum(rate(tokio_worker_busy_seconds_total[1m])) / sum(tokio_workers)",
        0.0001..=1.5,
    ),
    (
        "lag",
        "histogram_quantile(0.99, sum by (le) (rate(tokio_lag_seconds_bucket[1m])))",
        1e-6..=10.0,
    ),
    (
        "request rate",
        "sum(rate(http_requests_total[1m]))",
        1.0..=10_000.0,
    ),
    (
        "response times",
        "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))",
        1e-5..=10.0,
    ),
    (
        "error rate",
        "sum(rate(http_requests_total{status_code=~\"4..|5..\"}[1m])) / sum(rate(http_requests_total[1m]))",
        0.05..=0.9,
    ),
    (
        "active users",
        "active_users:estimate{window=\"10m\"}",
        10.0..=70.0,
    ),
    (
        "sign-ups",
        "sum(rate(subscription_signups_total[1m]))",
        0.1..=1_000.0,
    ),
    (
        "order processing times",
        "histogram_quantile(0.95, sum by (le) (rate(order_processing_seconds_bucket[1m])))",
        1e-4..=60.0,
    ),
    ("daily active users", "daily_active_users", 10.0..=70.0),
    (
        "revenue",
        "sum(rate(revenue_total[1m])) - sum(rate(refunds_total[1m]))",
        1.0..=1e7,
    ),
    (
        "subscription box fill rate",
        "sum(rate(subscription_box_fill_ratio_sum[1m])) / sum(rate(subscription_box_fill_ratio_count[1m]))",
        0.3..=0.8,
    ),
    (
        "customer satisfaction score",
        "sum(rate(customer_satisfaction_score_sum[1m])) / sum(rate(customer_satisfaction_score_count[1m]))",
        2.0..=4.0,
    ),
    (
        "conversion",
        "sum(rate(user_journey_steps_total{step=\"sign_up\"}[1m])) / sum(rate(user_journey_steps_total{step=\"browse\"}[1m]))",
        0.1..=3.0,
    ),
    (
        "connections in use",
        "sum(db_pool_connections{state=\"in_use\"}) / sum(db_pool_connections_max)",
        0.0..=1.0,
    ),
    (
        "letters that wait",
        "max(queue_depth) / max(queue_capacity)",
        0.0..=1.0,
    ),
    (
        "cache hits",
        "sum(rate(cache_requests_total{outcome=\"hit\"}[1m])) / sum(rate(cache_requests_total[1m]))",
        0.01..=1.0,
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_and_the_database_agree() {
    let folder = empty_folder("e2e_business");
    let database = folder.join("shop.sqlite");
    let key = (
        "MONITORING_USER_HASH_KEY",
        "a key of this test and no other",
    );
    let shop = Shop::open_with(&database, &[("OTEL_TRACES_EXPORTER", "none"), key]).await;
    let rules = include_str!("../../deploy/prometheus/active-users.rules.yml");
    let rules = ["1m", "2m", "30m"]
        .iter()
        .fold(rules.to_owned(), |rules, slow| {
            rules.replace(&format!("interval: {slow}"), "interval: 1s")
        });
    let targets = json!({ "static_configs": [{ "targets": [shop.monitoring] }] });
    let prometheus =
        Prometheus::start_with(Server::THREE, &folder, JOB, targets, &rules, json!({})).await;

    let mut customers = Customers {
        url: format!("http://{}/api/v1", shop.address),
        client: Client::new(),
        rng: Rng::with_seed(42),
    };
    // Twice, since a rate is made of what is added to a series that was there before.
    for _ in 0..2 {
        customers.come(150).await;
        customers.leave(100).await;
        agree(&prometheus, &database).await;
    }
    for (what, query, range) in NAMED {
        eventually(what, async || {
            let value = prometheus.value(query).await?;
            let is_sound = range.contains(&value);
            is_sound.then_some(()).ok_or(value.to_string())
        })
        .await;
    }
    users_are_estimated(&prometheus, &database).await;
    let refused = prometheus
        .value("sum(monitoring_observations_refused_total)")
        .await;
    assert_eq!(refused, Ok(0.0));
}

async fn agree(prometheus: &Prometheus, database: &Path) {
    let mut rows = open(database).await;
    for (query, sql) in EXACT {
        // Both are asked again: orders of customers who left may be under way.
        eventually(query, async || {
            let stored: f64 =
                sqlx::query_scalar(AssertSqlSafe(format!("SELECT CAST(({sql}) AS REAL)")))
                    .fetch_one(&mut rows)
                    .await
                    .unwrap_or_else(|error| panic!("{sql}: {error}"));
            assert!(stored > 0.0, "{sql}: nothing that could differ");
            match prometheus.value(query).await? {
                // Cents are whole: what Prometheus multiplies is a float.
                value if (value - stored).abs() < 1e-6 * stored => Ok(()),
                value => Err(format!("{value}, and the database has {stored}")),
            }
        })
        .await;
    }
}

async fn users_are_estimated(prometheus: &Prometheus, database: &Path) {
    let sql = "SELECT CAST(count(DISTINCT email) AS REAL) FROM subscriptions";
    let known: f64 = sqlx::query_scalar(sql)
        .fetch_one(&mut open(database).await)
        .await
        .expect("a number");
    for query in [
        "daily_active_users",
        "active_users:estimate{window=\"10m\"}",
    ] {
        eventually(query, async || match prometheus.value(query).await? {
            // Three standard errors, and no more than half a user beside it.
            users if (users - known).abs() <= 0.0974 * known + 0.5 => Ok(()),
            users => Err(format!("{users}, and the database knows {known}")),
        })
        .await;
    }
}

async fn open(database: &Path) -> SqliteConnection {
    assert!(fs::exists(database).is_ok_and(|exists| exists));
    let options = SqliteConnectOptions::new()
        .filename(database)
        .read_only(true);
    options.connect().await.expect("the shop's database")
}

/// Visits with known seeds: good ones and wrong ones.
struct Customers {
    url: String,
    client: Client,
    rng: Rng,
}

impl Customers {
    async fn come(&mut self, visits: usize) {
        for visit in 0..visits {
            match visit % 3 {
                0 => self.subscribe().await,
                1 => self.order().await,
                _ => self.look().await,
            }
        }
    }

    /// They order, and do not wait for what becomes of it.
    async fn leave(&mut self, orders: usize) {
        for _ in 0..orders {
            let product = self.rng.u8(1..=8);
            let order = json!({ "items": [{ "product_id": product, "quantity": 1 }] });
            let patience = Duration::from_micros(self.rng.u64(0..5_000));
            let sent = self.send("POST", "/orders", order);
            let _ = tokio::time::timeout(patience, sent).await;
        }
    }

    async fn look(&mut self) {
        assert_eq!(self.send("GET", "/products", Value::Null).await.0, 200);
        let product = self.rng.u8(1..=9);
        let (status, _) = self
            .send("GET", &format!("/products/{product}"), Value::Null)
            .await;
        assert_eq!(status, 200);
        let score = self.rng.u8(0..=6);
        let touchpoint = ["delivery", "support"][self.rng.usize(..2)];
        let feedback = json!({ "touchpoint": touchpoint, "score": score });
        let (status, _) = self.send("POST", "/feedback", feedback).await;
        assert_eq!(status, if (1..=5).contains(&score) { 201 } else { 422 });
    }

    async fn subscribe(&mut self) {
        let visitor = self.rng.u8(..60);
        let plan = ["seedling", "forest", "jungle"][self.rng.usize(..3)];
        let email = format!("visitor-{visitor}@ecolaura.example");
        let sign_up = json!({ "email": email, "plan": plan });
        let (status, subscription) = self.send("POST", "/subscriptions", sign_up).await;
        if plan == "jungle" {
            assert_eq!(status, 422);
            return;
        }
        let new = json!({ "subscription_id": subscription["id"] });
        let (_, created) = self.send("POST", "/boxes", new).await;
        let id = &created["id"];
        let products: Vec<u8> = (0..self.rng.u8(1..=12))
            .map(|_| self.rng.u8(1..=8))
            .collect();
        let contents = json!({ "product_ids": products });
        let (status, _) = self
            .send("POST", &format!("/boxes/{id}/contents"), contents)
            .await;
        assert_eq!(status, 200);
        let stages = ["packed", "shipped", "delivered", "returned"];
        for stage in &stages[..self.rng.usize(..=4)] {
            let path = format!("/boxes/{id}/stage");
            let (status, _) = self.send("POST", &path, json!({ "stage": stage })).await;
            assert_eq!(status, 200, "{stage}");
            // A second time it is refused, and counts nothing.
            let (status, _) = self.send("POST", &path, json!({ "stage": stage })).await;
            assert_eq!(status, 409, "{stage}");
        }
    }

    async fn order(&mut self) {
        let product = self.rng.u8(1..=9); // the ninth is sold out
        let item = json!({ "product_id": product, "quantity": self.rng.u8(1..=100) });
        let (status, order) = self
            .send("POST", "/orders", json!({ "items": [item] }))
            .await;
        assert_eq!(status, if product == 9 { 409 } else { 201 });
        if status == 201 && self.rng.bool() {
            let path = format!("/orders/{}/refund", order["id"]);
            assert_eq!(self.send("POST", &path, Value::Null).await.0, 204);
            assert_eq!(self.send("POST", &path, Value::Null).await.0, 409);
        }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.url);
        let answer = self.client.send(method, &url, &body.to_string()).await;
        let (status, body) = answer.expect("an answer");
        (status, serde_json::from_str(&body).unwrap_or_default())
    }
}
