//! The shop's own visitors, so that there is something to see: varied, bounded, from fixed seeds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header::CONTENT_TYPE};
use fastrand::Rng;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

/// Each visitor has one request in flight at most, so this is the limit for all.
const VISITORS: u64 = 8;

/// Visits the shop at that many requests per second or, where it is slow, fewer; ends when it closes.
pub(crate) async fn run(shop: SocketAddr, requests_per_second: u32) {
    let mut pace = interval(Duration::from_secs(1) / requests_per_second);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let pace = Arc::new(Mutex::new(pace));

    let mut visitors = JoinSet::new();
    for seed in 0..VISITORS {
        let mut visitor = Visitor {
            shop,
            pace: Arc::clone(&pace),
            client: Client::builder(TokioExecutor::new()).build_http(),
            rng: Rng::with_seed(seed),
        };
        visitors.spawn(async move { while visitor.visit().await.is_ok() {} });
    }
    visitors.join_all().await;
}

struct Visitor {
    shop: SocketAddr,
    pace: Arc<Mutex<Interval>>,
    client: Client<HttpConnector, Body>,
    rng: Rng,
}

/// The shop no longer answers.
struct Closed;

impl Visitor {
    async fn visit(&mut self) -> Result<(), Closed> {
        match self.rng.u8(..100) {
            0..35 => self.browse().await,
            35..53 => self.subscribe().await,
            53..71 => self.order().await,
            71..75 => self.tell().await,
            75..83 => self.ask_for_recommendations().await,
            83..88 => self.leave_early().await,
            88..93 => self.log_in().await,
            _ => self.go_astray().await,
        }
    }

    async fn browse(&mut self) -> Result<(), Closed> {
        self.get("products").await?;
        let id = self.rng.u8(1..=10); // the tenth is not there
        self.get(&format!("products/{id}")).await?;
        Ok(())
    }

    async fn subscribe(&mut self) -> Result<(), Closed> {
        let plan = *self.pick(&["seedling", "seedling", "forest", "jungle"]);
        let visitor = self.rng.u16(..2000);
        let email = format!("visitor-{visitor}@ecolaura.example");
        let sign_up = json!({ "email": email, "plan": plan });
        let subscription = self.post("subscriptions", sign_up).await?;
        let Some(id) = subscription["id"].as_i64() else {
            return Ok(()); // there is no jungle
        };
        let created = self.post("boxes", json!({ "subscription_id": id })).await?;
        let id = &created["id"];
        let products: Vec<u8> = (0..self.rng.u8(6..=12))
            .map(|_| self.rng.u8(1..=8))
            .collect();
        let contents = json!({ "product_ids": products });
        self.post(&format!("boxes/{id}/contents"), contents).await?;
        for stage in ["packed", "shipped", "delivered", "returned"] {
            let goes_on = match stage {
                "returned" => self.rng.u8(..20) == 0,
                _ => self.rng.u8(..20) > 0, // some are still on their way
            };
            if !goes_on {
                break;
            }
            let stage = json!({ "stage": stage });
            self.post(&format!("boxes/{id}/stage"), stage).await?;
        }
        Ok(())
    }

    /// How content they are; most are.
    async fn tell(&mut self) -> Result<(), Closed> {
        let touchpoint = *self.pick(&["delivery", "delivery", "support"]);
        let score = *self.pick(&[1, 2, 3, 4, 4, 4, 5, 5, 5, 5, 6]); // six is no score
        let feedback = json!({ "touchpoint": touchpoint, "score": score });
        self.post("feedback", feedback).await?;
        Ok(())
    }

    async fn order(&mut self) -> Result<(), Closed> {
        let mut items = Vec::new();
        for _ in 0..self.rng.u8(1..=2) {
            let product_id = self.rng.u8(1..=9); // the ninth is sold out
            let quantity = self.rng.u8(0..=9); // none is not an order
            items.push(json!({ "product_id": product_id, "quantity": quantity }));
        }
        let order = self.post("orders", json!({ "items": items })).await?;
        if let Some(id) = order["id"].as_i64() {
            self.get(&format!("orders/{id}")).await?;
            if self.rng.u8(..12) == 0 {
                self.post(&format!("orders/{id}/refund"), json!({})).await?;
            }
        }
        Ok(())
    }

    async fn ask_for_recommendations(&mut self) -> Result<(), Closed> {
        self.get("recommendations").await?;
        Ok(())
    }

    async fn leave_early(&mut self) -> Result<(), Closed> {
        let patience = Duration::from_millis(self.rng.u64(1..=200));
        self.turn().await;
        let answer = self.request(Method::GET, "recommendations", Body::empty());
        match timeout(patience, answer).await {
            Ok(answer) => answer.map(drop),
            Err(_too_late) => Ok(()),
        }
    }

    async fn log_in(&mut self) -> Result<(), Closed> {
        let password = *self.pick(&["sow-mend-share", "sow-mend-share", "123456"]);
        let credentials = json!({ "email": "ada@ecolaura.example", "password": password });
        self.post("login", credentials).await?;
        Ok(())
    }

    async fn go_astray(&mut self) -> Result<(), Closed> {
        match self.rng.u8(..4) {
            0 => self.get("prodcuts").await?,
            1 => self.get("products/first").await?,
            2 => self.post("products", json!({})).await?,
            _ => self.post("orders", json!("two of everything")).await?,
        };
        Ok(())
    }

    fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.rng.usize(..choices.len())]
    }

    async fn get(&self, path: &str) -> Result<Value, Closed> {
        self.turn().await;
        self.request(Method::GET, path, Body::empty()).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, Closed> {
        self.turn().await;
        self.request(Method::POST, path, body.to_string().into())
            .await
    }

    /// Waits until one more request keeps to the pace.
    async fn turn(&self) {
        self.pace.lock().await.tick().await;
    }

    /// Sends a request and reads the answer to its end.
    async fn request(&self, method: Method, path: &str, body: Body) -> Result<Value, Closed> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}/api/v1/{path}", self.shop))
            .header(CONTENT_TYPE, "application/json")
            .header("traceparent", traceparent())
            .body(body)
            .map_err(|_| Closed)?;
        let answer = self.client.request(request).await.map_err(|_| Closed)?;
        let body = Body::new(answer.into_body());
        let bytes = to_bytes(body, 1 << 20).await.map_err(|_| Closed)?;
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

/// A trace of its own for each request, as a browser or a gateway would send it. One in ten is recorded somewhere.
fn traceparent() -> String {
    let (trace, span) = (fastrand::u128(1..), fastrand::u64(1..));
    let flags = u8::from(fastrand::u8(..10) == 0);
    format!("00-{trace:032x}-{span:016x}-{flags:02x}")
}
