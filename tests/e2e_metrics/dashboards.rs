//! Every expression of the kit has data in a real Prometheus that scrapes the real shop: of dashboards, of rules and alerts. And every metric of
//! the catalogue is in one of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ecolaura_monitoring::catalog;
use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};

use support::blackbox::Blackbox;
use support::eventually::{eventually, eventually_within};
use support::folder::empty_folder;
use support::folder::repository;
use support::front::{Authority, Front};
use support::grafana::{chosen, dashboards};
use support::jaeger::{Jaeger, Places};
use support::kit::{self, RULES};
use support::picture::{Series, picture};
use support::ports::free;
use support::prometheus::{Prometheus, percent_encoded};
use support::shop::Shop;

const JOB: &str = "ecolaura-api";

const DAY: Duration = Duration::from_secs(86_400);

/// Series that the shop does not have, or not on each machine, and why.
const ABSENT: [(&str, &str); 14] = [
    ("http_stream_duration_seconds", "the shop has no streams"),
    (
        "http_client_request_duration_seconds",
        "the shop asks no other service",
    ),
    ("db_pool_waiting", "the shop's pool does not tell"),
    ("system_cpu_periods_total", "of a container with a quota"),
    (
        "system_cpu_throttled_periods_total",
        "of a container with a quota",
    ),
    (
        "system_cpu_throttled_seconds_total",
        "of a container with a quota",
    ),
    ("system_memory_oom_kills_total", "of a container"),
    ("system_pressure_seconds_total", "of a kernel that tells"),
    ("process_virtual_memory_max_bytes", "where it is limited"),
    ("monitoring_families_refused_total", "nothing is refused"),
    ("ALERTS", "nothing is wrong"),
    ("kube_pod_status_ready", "of Kubernetes"),
    (
        "alertmanager_notifications_failed_total",
        "of an Alertmanager",
    ),
    ("alertmanager_notifications_total", "of an Alertmanager"),
];

/// Metrics that are there instead of others: where a service chooses OpenTelemetry's names, for which the kit has no panels.
const INSTEAD: &str = "http_server_";

/// The series that an expression selects.
#[derive(Default)]
struct Selectors(Vec<VectorSelector>);

impl ExprVisitor for Selectors {
    type Error = ();

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, ()> {
        match expr {
            Expr::VectorSelector(selector) => self.0.push(selector.clone()),
            Expr::MatrixSelector(selector) => self.0.push(selector.vs.clone()),
            _ => {}
        }
        Ok(true)
    }
}

fn selectors(expr: &str) -> Vec<VectorSelector> {
    let parsed = parser::parse(expr).unwrap_or_else(|error| panic!("{expr}: {error}"));
    let mut found = Selectors::default();
    walk_expr(&mut found, &parsed).expect("it does not fail");
    found.0
}

/// The metric that a series belongs to.
fn metric(series: &str) -> &str {
    let ends = ["_bucket", "_sum", "_count"];
    let stem = ends.iter().find_map(|end| series.strip_suffix(end));
    match stem {
        Some(stem) if catalog::ALL.iter().any(|metric| metric.name() == stem) => stem,
        _ => series,
    }
}

fn names(expr: &str) -> BTreeSet<String> {
    let all = selectors(expr).into_iter();
    // All series of a job have no name.
    all.filter_map(|selector| Some(metric(&selector.name?).to_owned()))
        .collect()
}

fn is_absent(expr: &str) -> bool {
    // Nor is there always a container, and what has an objective does not fail.
    let fails = expr.contains("endpoint=\"") && expr.contains("outcome=~\"server_error");
    if fails || expr.contains("scope=\"container\"") {
        return true;
    }
    let names = names(expr);
    ABSENT.iter().any(|(name, _)| names.contains(*name))
}

/// The expressions of rules, from their file: each stands below `expr: |-`, indented by ten blanks.
fn rules() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (_, file) in RULES {
        let mut is_expr = false;
        for line in file.lines() {
            match line.strip_prefix("          ") {
                Some(line) if is_expr => {
                    let last = all.last_mut().expect("one has begun");
                    *last += &format!("{line}\n");
                }
                _ => is_expr = false,
            }
            if line == "        expr: |-" {
                is_expr = true;
                all.push(String::new());
            }
        }
    }
    assert!(all.len() > 80, "{}", all.len());
    all
}

/// The queries of the runbooks, each with where: a block is one, or each of its lines is.
fn runbooks() -> Vec<(String, String)> {
    let folder = repository().join("deploy/runbooks");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("runbooks") {
        let path = entry.expect("a file").path();
        let text = fs::read_to_string(&path).expect("a text");
        for block in text.split("```promql\n").skip(1) {
            let (block, _) = block.split_once("\n```").expect("it ends");
            let queries = match parser::parse(block) {
                Ok(_) => vec![block],
                Err(_) => block.lines().collect(),
            };
            let place = path.display().to_string();
            all.extend(
                queries
                    .into_iter()
                    .map(|one| (place.clone(), one.to_owned())),
            );
        }
    }
    assert!(all.len() > 150, "{}", all.len());
    all
}

/// Each series that an expression looks at, now: some of them a week ago.
fn looked_at(expr: &str) -> impl Iterator<Item = String> {
    let all = selectors(expr).into_iter();
    all.map(|mut selector| {
        selector.offset = None;
        selector.to_string()
    })
}

/// What dashboards ask, each with where.
fn asked() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for dashboard in dashboards() {
        for panel in dashboard.rows.iter().flat_map(|row| &row.panels) {
            let place = format!("{}: {}", dashboard.title, panel.title);
            let targets = panel.targets.iter();
            all.extend(targets.map(|(expr, _)| (place.clone(), chosen(expr, JOB, "30s", "1m"))));
        }
        for (name, expr) in &dashboard.others {
            // `label_values(series, label)`
            let of = expr.strip_prefix("label_values(");
            let of = of.and_then(|of| of.rsplit_once(", "));
            let expr = of.map_or(expr.as_str(), |(series, _)| series);
            let place = format!("{}: {name}", dashboard.title);
            all.push((place, chosen(expr, JOB, "30s", "1m")));
        }
    }
    assert!(all.len() > 100, "{}", all.len());
    all
}

/// The real shop with its own traffic, whoever stands before it and asks it, a real Jaeger that takes its traces, and a real Prometheus with the
/// configuration and all rules of the kit, of which none waits.
struct Watched {
    shop: Shop,
    prometheus: Prometheus,
    _others: (Front, Blackbox, Jaeger),
}

async fn watched(folder: &Path) -> Watched {
    let places = Places::free();
    let jaeger = Jaeger::start(folder, places).await;
    let collector = format!("http://{}", places.otlp);
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str()),
        ("OTEL_TRACES_SAMPLER", "always_on"),
    ];
    let shop = Shop::busy("40", &folder.join("shop.sqlite"), &variables).await;
    let authority = Authority::new(folder);
    let front = Front::start(folder, &authority, 90 * DAY, shop.address).await;
    let blackbox = Blackbox::start(folder, &authority.file).await;
    let places = kit::Places {
        front: front.address,
        blackbox: blackbox.address,
        shop: shop.monitoring,
        prometheus: free(),
    };
    let quicker = |rules: &str| {
        let rules = rules.replace("interval: 30m", "interval: 5s");
        let rules = rules.replace("interval: 1m", "interval: 1s");
        rules.replace("interval: 15s", "interval: 1s")
    };
    let config = kit::write(folder, &places, quicker);
    Watched {
        prometheus: Prometheus::start_from(&config, folder, places.prometheus).await,
        shop,
        _others: (front, blackbox, jaeger),
    }
}

/// Whether there are series for it, with a number each.
async fn has_data(prometheus: &Prometheus, expr: &str) -> Result<bool, String> {
    let series = prometheus.query(expr).await;
    let series = series.map_err(|error| format!("{expr}: {error}"))?;
    Ok(series.iter().any(|series| !series.value.is_nan()))
}

#[tokio::test]
async fn every_expression_has_data() {
    let folder = empty_folder("e2e_dashboards");
    let watched = watched(&folder).await;
    let prometheus = &watched.prometheus;
    let mut waiting: Vec<(String, String)> = asked();
    // Of a rule each series that it looks at, since most alerts have no result. So of runbooks, which are for when something is wrong.
    let rules = rules().into_iter().map(|rule| ("rules".to_owned(), rule));
    let runbooks = runbooks();
    for (place, expr) in rules.chain(runbooks.iter().cloned()) {
        waiting.extend(looked_at(&expr).map(|expr| (place.clone(), expr)));
    }
    waiting.retain(|(_, expr)| !is_absent(expr));
    // Users of a day are known after two minutes.
    let time = Duration::from_secs(240);
    eventually_within(time, "every expression to have data", async || {
        let mut still = Vec::new();
        let mut why = Ok(());
        for (place, expr) in std::mem::take(&mut waiting) {
            match has_data(prometheus, &expr).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => why = Err(error),
            }
            still.push((place, expr));
        }
        waiting = still;
        why?;
        match waiting.is_empty() {
            true => Ok(()),
            false => Err(format!("these have none: {waiting:#?}")),
        }
    })
    .await;
    // And each can be asked whole.
    for (place, expr) in runbooks {
        let answer = prometheus.query(&expr).await;
        answer.unwrap_or_else(|error| panic!("{place}: {expr}: {error}"));
    }
    the_rows_of_its_own_are_those_of_the_shop(&watched.shop).await;
    eventually("no rule to fail", async || {
        let groups = prometheus.api("rules").await?;
        let groups = groups["groups"].as_array().ok_or("no groups")?.clone();
        let rules = groups.iter().flat_map(|group| group["rules"].as_array());
        let ill = rules.flatten().find(|rule| rule["health"] != "ok");
        ill.map_or(Ok(()), |ill| Err(ill.to_string()))
    })
    .await;
}

/// The shop's kit was made with the metrics that it has of its own.
async fn the_rows_of_its_own_are_those_of_the_shop(shop: &Shop) {
    let scrape = shop.metrics().await;
    let described = scrape
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    let own: BTreeSet<String> = described
        .filter_map(|line| Some(line.split_once(' ')?.0.to_owned()))
        .filter(|name| !catalog::ALL.iter().any(|metric| metric.name() == name))
        .collect();
    assert!(!own.is_empty());
    let closed: BTreeSet<String> = dashboards()
        .into_iter()
        .flat_map(|dashboard| dashboard.rows)
        .filter(|row| row.is_closed && row.title.contains('_'))
        .map(|row| row.title)
        .collect();
    assert_eq!(closed, own, "change ops/tests/shop.metrics");
}

#[test]
fn every_metric_is_used() {
    let dashboards = asked().into_iter().map(|(_, expr)| expr);
    let used: BTreeSet<String> = dashboards
        .chain(rules())
        .flat_map(|expr| names(&expr))
        .collect();
    let unused: Vec<&str> = catalog::ALL
        .iter()
        .map(|metric| metric.name())
        .filter(|name| !used.contains(*name) && !name.starts_with(INSTEAD))
        .collect();
    assert_eq!(unused, [""; 0]);
    let in_runbooks = runbooks().into_iter().flat_map(|(_, expr)| names(&expr));
    let used: BTreeSet<String> = used.iter().cloned().chain(in_runbooks).collect();
    for (name, why) in ABSENT {
        assert!(used.contains(name), "{name}: {why}");
    }
}

/// Draws docs/dashboards, and of one the first row for the README, from a shop that has been open for ten minutes.
#[tokio::test]
#[ignore = "makes pictures for the documents, and takes ten minutes"]
async fn pictures() {
    let folder = empty_folder("e2e_dashboards_pictures");
    let watched = watched(&folder).await;
    let prometheus = &watched.prometheus;
    let time = Duration::from_secs(720);
    eventually_within(time, "ten minutes of data", async || {
        let old = has_data(prometheus, "up offset 10m").await?;
        old.then_some(()).ok_or_else(|| "not yet".to_owned())
    })
    .await;
    let docs = repository().join("docs/dashboards");
    fs::create_dir_all(&docs).expect("a folder");
    for dashboard in dashboards() {
        let mut answers = Vec::new();
        for row in &dashboard.rows {
            let mut of_row = Vec::new();
            // What is closed is not asked.
            for panel in row.panels.iter().filter(|_| !row.is_closed) {
                let mut of_panel = Vec::new();
                for (expr, _) in &panel.targets {
                    let expr = chosen(expr, JOB, "30s", "10m");
                    of_panel.push(over_ten_minutes(prometheus, &expr).await);
                }
                of_row.push(of_panel);
            }
            answers.push(of_row);
        }
        let name = dashboard.uid.replace(&format!("{JOB}-"), "");
        let file = docs.join(format!("{name}.svg"));
        fs::write(&file, picture(&dashboard, &answers)).expect("it can be written");
        if name == "api-performance" {
            let first = docs.with_file_name("requests.svg");
            fs::write(first, picture(&dashboard, &answers[..1])).expect("it can be written");
        }
    }
}

/// What an expression was in the last ten minutes, at 80 times.
async fn over_ten_minutes(prometheus: &Prometheus, expr: &str) -> Vec<Series> {
    let end = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time")
        .as_secs_f64();
    let start = end - 600.0;
    let query = percent_encoded(expr);
    let path = format!("query_range?query={query}&start={start}&end={end}&step=7.5");
    let data = prometheus.api(&path).await.expect("an answer");
    let found = data["result"].as_array().expect("series").iter();
    found
        .map(|series| Series {
            name: String::new(),
            labels: series["metric"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            points: series["values"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|point| {
                    let time = point[0].as_f64().expect("a time");
                    let value = point[1].as_str().and_then(|value| value.parse().ok());
                    ((time - start) / 600.0, value.unwrap_or(f64::NAN))
                })
                .collect(),
        })
        .collect()
}
