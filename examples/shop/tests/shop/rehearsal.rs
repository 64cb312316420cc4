//! What a probe asks of the shop is done and undone: nothing is bought, no letter is written, also where telemetry is switched off.

use std::path::Path;
use std::sync::Arc;

use deadpool_sqlite::rusqlite::Connection;
use tokio::task::JoinSet;

use support::eventually::eventually;
use support::folder::empty_folder;
use support::shop::Shop;

const SIGN_UP: &str = r#"{"email":"anna@example.org","plan":"seedling"}"#;
const ORDER: &str = r#"{"items":[{"product_id":1,"quantity":1}]}"#;
/// As many letters as to have some waiting for a while, however slow this machine is.
const LETTERS: usize = 20;

/// Signs up and orders, with this line of baggage.
async fn visit(shop: &Shop, baggage: &str) {
    let headers = [("content-type", "application/json"), ("baggage", baggage)];
    for (path, body) in [
        ("/api/v1/subscriptions", SIGN_UP),
        ("/api/v1/orders", ORDER),
    ] {
        let status = shop.send_with("POST", path, &headers, body).await;
        assert_eq!(status, 201, "{path}");
    }
}

/// How many have signed up or ordered.
fn bought(database: &Path) -> i64 {
    let database = Connection::open(database).expect("a database");
    let rows = "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM subscriptions)";
    database
        .query_row(rows, [], |row| row.get(0))
        .expect("a number")
}

/// How many letters wait when so many have signed up at once.
async fn letters(shop: &Arc<Shop>, baggage: &'static str) -> f64 {
    let mut visits = JoinSet::new();
    for _ in 0..LETTERS {
        let shop = Arc::clone(shop);
        visits.spawn(async move { visit(&shop, baggage).await });
    }
    visits.join_all().await;
    let scrape = shop.metrics().await;
    let depth = scrape
        .lines()
        .find_map(|line| line.strip_prefix("queue_depth{queue=\"letters\"} "));
    let depth = depth.unwrap_or_else(|| panic!("no depth in\n{scrape}"));
    depth.parse().expect("a number")
}

#[tokio::test]
async fn a_rehearsal_leaves_nothing_behind() {
    let database = empty_folder("shop_rehearsal").join("shop.sqlite");
    let shop = Arc::new(Shop::open(&database).await);
    assert_eq!(letters(&shop, "synthetic=true").await, 0.0);
    assert_eq!(bought(&database), 0);
    // What is no rehearsal does, so that this can be seen.
    for baggage in ["synthetic=false", "plan=synthetic", "", "="] {
        visit(&shop, baggage).await;
    }
    assert_eq!(bought(&database), 8);
    eventually("letters to wait", async || {
        let waiting = letters(&shop, "a=b").await;
        (waiting > 0.0).then_some(()).ok_or(waiting.to_string())
    })
    .await;
}

#[tokio::test]
async fn a_rehearsal_is_one_without_telemetry() {
    let database = empty_folder("shop_rehearsal_disabled").join("shop.sqlite");
    let shop = Shop::open_with(&database, &[("OTEL_SDK_DISABLED", "true")]).await;
    visit(&shop, "a=b,synthetic=true;c=d").await;
    assert_eq!(bought(&database), 0);
    visit(&shop, "a=b").await;
    assert_eq!(bought(&database), 2);
}
