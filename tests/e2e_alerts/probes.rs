//! What customers would see of the real shop behind TLS, asked by a real Blackbox Exporter with the modules, the configuration and the alerts in
//! `deploy/`: nothing is told while it is well, and of what is broken that, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use support::blackbox::Blackbox;
use support::eventually::eventually;
use support::folder::empty_folder;
use support::front::{Authority, Front};
use support::kit::{self, Places};
use support::ports::free;
use support::prometheus::{Prometheus, Series};
use support::shop::Shop;

/// As long as two scrapes and their rules.
const STEADY: Duration = Duration::from_secs(5);
const DAY: Duration = Duration::from_secs(86_400);

/// Rules that do not wait, and look back for no longer than it takes here until something else is broken.
fn at_once(rules: &str) -> String {
    let line = |line: &str| match line.trim_start() {
        wait if wait.starts_with("for: ") => "        for: 1s\n".to_owned(),
        _ => format!("{line}\n"),
    };
    let rules: String = rules.lines().map(line).collect();
    rules.replace("[10m]", "[10s]").replace("[2m]", "[5s]")
}

/// The alerts of probes that fire: the name of each, and the step that it is about if it is about one.
async fn firing(prometheus: &Prometheus) -> Result<BTreeSet<String>, String> {
    let names = "ServiceDown|Probe.*|Journey.*|.*NotReady|Certificate.*";
    let expr = format!("ALERTS{{alertstate=\"firing\",alertname=~\"{names}\"}}");
    let alerts = prometheus.query(&expr).await?;
    let one = |alert: &Series| {
        assert_eq!(alert.label("job"), "ecolaura-api");
        format!("{} {}", alert.label("alertname"), alert.label("step"))
            .trim()
            .to_owned()
    };
    Ok(alerts.iter().map(one).collect())
}

/// Until just these fire, and go on to.
async fn fire(prometheus: &Prometheus, what: &str, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|&one| one.to_owned()).collect();
    let mut since = None;
    eventually(what, async || {
        let found = firing(prometheus).await?;
        if found != expected {
            since = None;
            return Err(format!("{found:?}"));
        }
        let since = since.get_or_insert_with(Instant::now);
        (since.elapsed() > STEADY)
            .then_some(())
            .ok_or("not for long enough".to_owned())
    })
    .await;
}

/// Until so many probes succeed.
async fn succeed(prometheus: &Prometheus, probes: f64) {
    eventually("probes to succeed", async || {
        let all = prometheus.value("sum(probe_success)").await?;
        (all == probes).then_some(()).ok_or(all.to_string())
    })
    .await;
}

/// Does this to the shop's database, behind its back.
async fn sql(database: &Path, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = options.connect().await.expect("a database");
    let done = sqlx::raw_sql(statement).execute(&mut connection).await;
    done.expect("it can be done");
    connection.close().await.expect("it is closed");
}

/// Probes sign up and order, and nobody has signed up or ordered.
async fn nothing_was_bought(shop: &Shop, database: &Path) {
    let scrape = shop.metrics().await;
    let value = |series: &str| {
        let line = scrape
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        let line = line.unwrap_or_else(|| panic!("no {series} in\n{scrape}"));
        line.trim().parse::<f64>().expect("a number")
    };
    let answered = |method: &str, path: &str, code: u16| {
        value(&format!(
            "http_requests_total{{method=\"{method}\",endpoint=\"/api/v1/{path}\",status_code=\"{code}\",outcome=\"success\"}}"
        ))
    };
    assert!(answered("GET", "products", 200) >= 1.0);
    assert!(answered("POST", "subscriptions", 201) >= 1.0);
    assert!(answered("POST", "orders", 201) >= 1.0);
    for nothing in [
        "subscription_signups_total{plan=\"seedling\"}",
        "revenue_total{currency=\"EUR\"}",
        "order_processing_seconds_count{outcome=\"completed\"}",
        "order_processing_seconds_count{outcome=\"cancelled\"}",
        "user_journey_steps_total{journey=\"subscription\",step=\"browse\"}",
    ] {
        assert_eq!(value(nothing), 0.0, "{nothing}");
    }
    // It is there from the first user on.
    assert!(!scrape.contains("\nactive_users "), "{scrape}");
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = options.connect().await.expect("a database");
    let rows = "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM subscriptions)";
    let rows: i64 = sqlx::query_scalar(rows)
        .fetch_one(&mut connection)
        .await
        .expect("a number");
    assert_eq!(rows, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_customers_would_see_is_told() {
    let folder = empty_folder("e2e_probes");
    let authority = Authority::new(&folder);
    let database = folder.join("shop.sqlite");
    let shop = Shop::open(&database).await;
    let mut front = Front::start(&folder, &authority, 90 * DAY, shop.address).await;
    let blackbox = Blackbox::start(&folder, &authority.file).await;
    let places = Places {
        front: front.address,
        blackbox: blackbox.address,
        shop: shop.monitoring,
        prometheus: free(),
    };
    let config = kit::write(&folder, &places, at_once);
    let prometheus = Prometheus::start_from(&config, &folder, places.prometheus).await;

    // A page, its certificate, three steps, and whether the instance is ready.
    succeed(&prometheus, 6.0).await;
    fire(&prometheus, "all to be well", &[]).await;
    nothing_was_bought(&shop, &database).await;

    // Half of the shop is broken: who signs up needs no product.
    sql(&database, "ALTER TABLE products RENAME TO elsewhere").await;
    let broken = [
        "InstanceNotReady",
        "JourneyFails browse",
        "JourneyFails order",
        "ProbeFails",
        "ServiceNotReady",
    ];
    fire(&prometheus, "what is broken to be told", &broken).await;
    sql(&database, "ALTER TABLE elsewhere RENAME TO products").await;
    fire(&prometheus, "it to be over", &[]).await;

    front.certify(&folder, &authority, 10 * DAY).await;
    let soon = ["CertificateExpires"];
    fire(&prometheus, "a certificate that expires", &soon).await;
    front.certify(&folder, &authority, Duration::ZERO).await;
    let expired = [
        "CertificateExpires",
        "CertificateExpiresNow",
        "JourneyFails browse",
        "JourneyFails order",
        "JourneyFails sign_up",
        "ProbeFails",
    ];
    fire(&prometheus, "a certificate that has expired", &expired).await;
    front.certify(&folder, &authority, 90 * DAY).await;
    fire(&prometheus, "it to be over", &[]).await;

    drop(shop);
    let down = [
        "JourneyFails browse",
        "JourneyFails order",
        "JourneyFails sign_up",
        "ProbeFails",
        "ServiceDown",
    ];
    fire(&prometheus, "a shop that is gone", &down).await;
    // Who is blind sees no failure, and is missed.
    drop(blackbox);
    let blind = ["ProbesAbsent", "ServiceDown"];
    fire(&prometheus, "an exporter that is gone", &blind).await;
}
