//! What customers would see of the real shop behind TLS, asked by a real Blackbox Exporter with the modules, the configuration and the alerts in
//! `deploy/`: nothing is told while it is well, and of what is broken that, and nothing else.

mod support {
    pub(crate) mod blackbox;
    #[allow(dead_code)]
    pub(crate) mod client;
    #[allow(dead_code)]
    pub(crate) mod eventually;
    pub(crate) mod folder;
    pub(crate) mod front;
    pub(crate) mod ports;
    #[allow(dead_code)]
    pub(crate) mod process;
    #[allow(dead_code)]
    pub(crate) mod prometheus;
    #[allow(dead_code)]
    pub(crate) mod shop;
}

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::support::blackbox::Blackbox;
use crate::support::eventually::eventually;
use crate::support::folder::empty_folder;
use crate::support::front::{Authority, Front};
use crate::support::prometheus::Prometheus;
use crate::support::shop::Shop;

const CONFIG: &str = include_str!("../deploy/prometheus/prometheus.yml");
const RULES: [(&str, &str); 2] = [
    (
        "recording.rules.yml",
        include_str!("../deploy/prometheus/recording.rules.yml"),
    ),
    (
        "alerts.rules.yml",
        include_str!("../deploy/prometheus/alerts.rules.yml"),
    ),
];

const DAY: Duration = Duration::from_secs(86_400);

/// The shop's kit in `folder`, as it is but for places and for how long things take.
fn kit(folder: &Path, front: SocketAddr, blackbox: SocketAddr, shop: SocketAddr) -> PathBuf {
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(&file, text).expect("it can be written");
        file
    };
    for (name, rules) in RULES {
        let at_once = rules.lines().map(|line| match line.trim_start() {
            wait if wait.starts_with("for: ") => "        for: 1s\n".to_owned(),
            _ => format!("{line}\n"),
        });
        write(name, &at_once.collect::<String>());
    }
    let targets = format!("- targets: ['{shop}']\n  labels: {{environment: production}}\n");
    write("targets/ecolaura-api.yml", &targets);
    let mut config = CONFIG.to_owned();
    for (what, instead) in [
        ("https://shop.example", &format!("https://{front}")),
        ("shop.example:443", &front.to_string()),
        ("blackbox:9115", &blackbox.to_string()),
        // Nobody: it is asked what fires, not who is told.
        ("alertmanager:9093", &"127.0.0.1:9".to_owned()),
        ("scrape_interval: 15s", &"scrape_interval: 2s".to_owned()),
        ("scrape_interval: 30s", &"scrape_interval: 2s".to_owned()),
        ("scrape_timeout: 10s", &"scrape_timeout: 2s".to_owned()),
        (
            "evaluation_interval: 15s",
            &"evaluation_interval: 1s".to_owned(),
        ),
    ] {
        assert!(config.contains(what), "{what}");
        config = config.replace(what, instead);
    }
    write("prometheus.yml", &config)
}

/// The alerts of probes that fire: the name of each, and the step that it is about if it is about one.
async fn firing(prometheus: &Prometheus) -> Result<BTreeSet<String>, String> {
    let names = "ServiceDown|Probe.*|Journey.*|.*NotReady|Certificate.*";
    let expr = format!("ALERTS{{alertstate=\"firing\",alertname=~\"{names}\"}}");
    let alerts = prometheus.query(&expr).await?;
    let one = |alert: &crate::support::prometheus::Series| {
        assert_eq!(alert.label("job"), "ecolaura-api");
        format!("{} {}", alert.label("alertname"), alert.label("step"))
            .trim()
            .to_owned()
    };
    Ok(alerts.iter().map(one).collect())
}

/// Until just these fire.
async fn fire(prometheus: &Prometheus, what: &str, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|&one| one.to_owned()).collect();
    eventually(what, async || match firing(prometheus).await? {
        found if found == expected => Ok(()),
        found => Err(format!("{found:?}")),
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
async fn sql(database: &Path, statement: &str) {
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
    let config = kit(&folder, front.address, blackbox.address, shop.monitoring);
    let prometheus = Prometheus::start_from(&config, &folder).await;

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
