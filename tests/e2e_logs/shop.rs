//! The lines of the real shop, of a real nginx in front of it and of a real PostgreSQL pass the pipeline of `deploy/opensearch` into a real OpenSearch:
//! all of them are found, by their trace and by what Kibana asks, and none of them makes a field.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use support::client::Client;
use support::ecs;
use support::eventually::eventually;
use support::folder::empty_folder;
use support::kibana;
use support::log_store::{ALL, shipped, stored, stream, with_kit};
use support::nginx::Nginx;
use support::opensearch::OpenSearch;
use support::postgres::Postgres;
use support::shop::Shop;

const ACCESS_LOG: &str = include_str!("../../deploy/nginx/ecs-access-log.conf");
const KIBANA: &str = include_str!("../../deploy/kibana/logs.ndjson");

const STREAMS: [&str; 4] = ["application", "access", "database", "authentication"];

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What no document may have anything of.
const SECRET: &str = "hunter2";

/// The same as Logstash does it by `deploy/logstash`, and the stream that it sends it to.
fn by_logstash(line: &str, dataset: &str, environment: &str) -> (String, Value) {
    let own: Value = serde_json::from_str(line).unwrap_or_default();
    let own = own["event.dataset"]
        .as_str()
        .filter(|own| STREAMS.contains(own));
    let to = own.unwrap_or(dataset);
    let document = json!({
        "@timestamp": "2026-11-24T08:00:00.000Z",
        "@version": "1",
        "message": line,
        "event": { "dataset": dataset },
        "host": { "name": "shop-1" },
        "log": { "file": { "path": "/var/log/shop.ndjson" } },
        "data_stream": { "type": "logs", "dataset": format!("ecolaura_api.{to}"), "namespace": environment },
    });
    (stream(to, environment), document)
}

/// The lines of a while at the shop: each with what a shipper knows of the file that it is in.
struct Day {
    lines: Vec<(String, &'static str)>,
}

impl Day {
    /// Customers come, and everything that can go wrong does.
    async fn new(folder: &Path) -> Self {
        let database = folder.join("shop.sqlite");
        let variables = [
            ("OTEL_TRACES_EXPORTER", "none"),
            ("RUST_LOG", "info,database=debug"),
            ("MONITORING_CONTROL_TOKEN", TOKEN),
        ];
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let silent = (silent.local_addr().expect("an address"), silent);
        let (shop, postgres) = tokio::join!(
            Shop::open_with(&database, &variables),
            Postgres::start(folder)
        );
        let locations = format!(
            "location / {{ proxy_pass http://{}; }}\n\
             location /late {{ proxy_read_timeout 600ms; proxy_pass http://{}; }}\n\
             location /waits {{ proxy_pass http://{}; }}",
            shop.address, silent.0, silent.0
        );
        let mut nginx = Nginx::start(folder, ACCESS_LOG, &locations).await;

        let traceparent = format!("00-{TRACE}-{SPAN}-01");
        let login = |password: &str| {
            json!({ "email": "ada@ecolaura.example", "password": password }).to_string()
        };
        let order = json!({ "items": [{ "product_id": 1, "quantity": 1 }] }).to_string();
        for (method, path, body, expected) in [
            ("GET", "/api/v1/products", String::new(), 200),
            ("GET", "/api/v1/products/1", String::new(), 200),
            ("GET", "/api/v1/products/4711", String::new(), 404),
            ("POST", "/api/v1/orders", order, 201),
            ("POST", "/api/v1/login", login("sow-mend-share"), 200),
            ("POST", "/api/v1/login", login(SECRET), 401),
            ("GET", "/late?token=hunter2", String::new(), 504),
        ] {
            assert_eq!(
                ask(&nginx, method, path, &[], &body).await,
                expected,
                "{path}"
            );
        }
        leave(&nginx).await;
        break_shop(&database).await;
        let broken = ask(
            &nginx,
            "GET",
            "/api/v1/products/1",
            &[("traceparent", &traceparent)],
            "",
        )
        .await;
        assert_eq!(broken, 500);
        let control = format!("http://{}/control", shop.monitoring);
        let change = json!({ "log_filter": "info,database=debug", "for_seconds": 60 }).to_string();
        for (authorization, status) in [
            (format!("Bearer {TOKEN}"), 200),
            ("Bearer wrong".to_owned(), 401),
        ] {
            let headers = [("authorization", authorization.as_str())];
            let answer = Client::new()
                .send_with("PUT", &control, &headers, &change)
                .await;
            assert_eq!(answer.expect("an answer").0, status);
        }

        let traced = format!("select 'hunter2' /*traceparent='{traceparent}'*/");
        postgres.run(
            "shop",
            &[
                "select pg_sleep(0.3)",
                "select 'hunter2'::int",
                &traced,
                "select 'the last one'",
            ],
        );

        let mut lines = Vec::new();
        for line in postgres.lines_until("the last one").await {
            lines.push((line.to_string(), "database"));
        }
        for _ in 0..9 {
            lines.push((nginx.line().await, "access"));
        }
        assert_eq!(nginx.unread(), 0);
        for line in written(&shop).await {
            lines.push((line, "application"));
        }
        Self { lines }
    }
}

/// Asks the shop for something through nginx.
async fn ask(nginx: &Nginx, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    let url = format!("http://{}{path}", nginx.address);
    let answer = Client::new().send_with(method, &url, headers, body).await;
    answer.expect("an answer").0
}

/// Asks for something that takes long, and does not wait for it.
async fn leave(nginx: &Nginx) {
    let mut connection = TcpStream::connect(nginx.address).await.expect("it listens");
    let request = b"GET /waits HTTP/1.1\r\nhost: shop\r\n\r\n";
    connection.write_all(request).await.expect("it is sent");
}

/// From now on the shop finds no products.
async fn break_shop(database: &Path) {
    let address = format!("sqlite:{}", database.display());
    let mut connection = SqliteConnection::connect(&address)
        .await
        .expect("its database");
    let broken = sqlx::query("ALTER TABLE products RENAME TO sold_out").execute(&mut connection);
    broken.await.expect("it is renamed");
}

/// The lines of the shop, once those of what it was last asked are there.
async fn written(shop: &Shop) -> Vec<String> {
    eventually("the lines of the shop", async || {
        let lines = shop.log();
        let has = |text: &str| lines.iter().any(|line| line.contains(text));
        match has("\"event.category\":[\"configuration\"]") && has("GET /api/v1/products/1 500") {
            true => Ok(lines),
            false => Err(format!("{} lines", lines.len())),
        }
    })
    .await
}

/// All that a line says is in its document, but for what nginx does not know.
fn says_the_same(line: &str, document: &Map<String, Value>) {
    let Ok(Value::Object(line)) = serde_json::from_str(line) else {
        panic!("no line: {line}");
    };
    for (name, value) in &line {
        let expected = (*value != "-").then_some(value);
        assert_eq!(document.get(name), expected, "{name} of {line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_all_are_found_together() {
    let folder = empty_folder("e2e_logs");
    let (opensearch, day) = tokio::join!(with_kit(&folder), Day::new(&folder));
    for dataset in STREAMS {
        let path = format!("_data_stream/{}", stream(dataset, "production"));
        opensearch.send("PUT", &path, "").await;
    }
    let before = opensearch.send("GET", &format!("{ALL}/_mapping"), "").await;

    let documents: Vec<Value> = day
        .lines
        .iter()
        .map(|(line, dataset)| shipped(line, dataset))
        .collect();
    let found = stored(
        &opensearch,
        &stream("application", "production"),
        &documents,
    )
    .await;
    let mut numbers = BTreeMap::new();
    for ((line, from), (index, document)) in day.lines.iter().zip(&found) {
        ecs::check_fields(document).unwrap_or_else(|reason| panic!("{reason}: {document:?}"));
        let dataset = document["event.dataset"].as_str().expect("a dataset");
        assert!(
            index.contains(&stream(dataset, "production")),
            "{index}: {document:?}"
        );
        assert!(!format!("{document:?}").contains(SECRET), "{document:?}");
        assert_eq!(document.get("tags"), None, "{document:?}");
        if *from != "database" {
            says_the_same(line, document);
            assert_eq!(document["host.name"], "shop-1");
        }
        *numbers.entry(dataset).or_insert(0) += 1;
    }
    assert_eq!(
        numbers.keys().copied().collect::<BTreeSet<_>>(),
        STREAMS.into()
    );

    // Nothing is missing, and nothing has made a field.
    for (dataset, number) in numbers {
        let path = format!("{}/_count", stream(dataset, "production"));
        assert_eq!(
            opensearch.send("GET", &path, "").await["count"],
            number,
            "{dataset}"
        );
    }
    let after = opensearch.send("GET", &format!("{ALL}/_mapping"), "").await;
    assert_eq!(after, before);

    // What has come by Logstash is the same.
    for ((line, from), (_, expected)) in day.lines.iter().zip(&found) {
        let (to, document) = by_logstash(line, from, "staging");
        let [(index, document)] = &stored(&opensearch, &to, &[document]).await[..] else {
            panic!("not one document");
        };
        assert!(index.contains(&to), "{index}");
        let mut expected = expected.clone();
        expected.insert("data_stream.namespace".to_owned(), json!("staging"));
        assert_eq!(*document, expected);
    }

    one_trace_finds_all(&opensearch).await;
    an_alert_is_noted(&opensearch).await;
    kibana_finds_something(&opensearch).await;
}

/// What everybody wrote for the request that failed.
async fn one_trace_finds_all(opensearch: &OpenSearch) {
    let query = kibana::lucene(&format!(
        "trace.id:\"{TRACE}\" AND data_stream.namespace:production"
    ));
    let body = json!({ "query": query, "size": 100 }).to_string();
    let answer = opensearch
        .send("POST", &format!("{ALL}/_search"), &body)
        .await;
    let hits = answer["hits"]["hits"].as_array().expect("hits");
    let told: BTreeSet<(String, String)> = hits
        .iter()
        .map(|hit| {
            let text = |name: &str| hit["_source"][name].as_str().unwrap_or("shop").to_owned();
            (text("event.dataset"), text("event.module"))
        })
        .collect();
    let expected = [
        ("application", "shop"),
        ("access", "nginx"),
        ("access", "shop"),
        ("database", "postgresql"),
        ("database", "shop"),
    ];
    let expected = expected.map(|(dataset, module)| (dataset.to_owned(), module.to_owned()));
    assert_eq!(told, expected.into());
}

/// One of a group, as Logstash has it from Alertmanager by its input `alerts`.
async fn an_alert_is_noted(opensearch: &OpenSearch) {
    let labels = json!({
        "alertname": "TwoVersionsRun", "job": "ecolaura-api", "environment": "production", "severity": "info", "team": "shop",
    });
    let document = json!({
        "@timestamp": "2026-11-24T08:00:00.000Z",
        "@version": "1",
        "alerts": {
            "status": "firing",
            "labels": labels,
            "annotations": { "summary": "2 versions run side by side", "description": "A deploy has stopped half-way." },
            "startsAt": "2026-11-24T07:59:00.000Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "dc6df2e3c0d3a9d5",
        },
        "receiver": "shop-log",
        "status": "firing",
        "version": "4",
        "commonLabels": labels,
        "externalURL": "http://alertmanager:9093",
        "event": { "dataset": "application" },
        "http": { "method": "POST", "request": { "mime_type": "application/json" } },
        "url": { "path": "/alerts", "port": 8080 },
        "user_agent": { "original": "Alertmanager/0.31.1" },
        "data_stream": { "type": "logs", "dataset": "ecolaura_api.application", "namespace": "production" },
    });
    let to = stream("application", "production");
    let [(_, noted)] = &stored(opensearch, &to, &[document]).await[..] else {
        panic!("not one document");
    };
    ecs::check_fields(noted).unwrap_or_else(|reason| panic!("{reason}: {noted:?}"));
    for (name, expected) in [
        ("@timestamp", json!("2026-11-24T08:00:00.000Z")),
        ("log.level", json!("info")),
        ("message", json!("firing: 2 versions run side by side")),
        ("event.kind", json!("alert")),
        ("event.module", json!("alertmanager")),
        ("event.action", json!("TwoVersionsRun")),
        ("event.reason", json!("A deploy has stopped half-way.")),
        ("service.name", json!("ecolaura-api")),
        ("service.environment", json!("production")),
    ] {
        assert_eq!(noted[name], expected, "{name}: {noted:?}");
    }
    assert_eq!(noted["labels"]["team"], "shop");
    assert_eq!(noted["labels"]["starts_at"], "2026-11-24T07:59:00.000Z");
    assert_eq!(noted.get("tags"), None, "{noted:?}");
    assert!(!format!("{noted:?}").contains("externalURL"), "{noted:?}");
}

/// Every search and every chart that is imported into Kibana.
async fn kibana_finds_something(opensearch: &OpenSearch) {
    // What was not understood is looked for as well.
    let wrong = shipped("no line", "application");
    stored(opensearch, &stream("application", "production"), &[wrong]).await;

    let objects = kibana::objects(KIBANA);
    let mut asked = 0;
    for object in &objects {
        let is_chart = object["type"] == "visualization";
        if !is_chart && object["type"] != "search" {
            continue;
        }
        asked += 1;
        let id = &object["id"];
        let (pattern, query) = kibana::asked(&objects, object);
        let query = kibana::lucene(&query);
        let valid = json!({ "query": query }).to_string();
        let path = format!("{pattern}/_validate/query?explain=true");
        let answer = opensearch.send("POST", &path, &valid).await;
        assert_eq!(answer["valid"], true, "{id}: {answer}");

        let mut body = json!({ "query": query });
        if is_chart {
            body["aggs"] = kibana::aggregations(object);
        } else {
            body["sort"] = json!([{ "@timestamp": object["attributes"]["sort"][0][1] }]);
        }
        let answer = opensearch
            .send("POST", &format!("{pattern}/_search"), &body.to_string())
            .await;
        assert_ne!(answer["hits"]["total"]["value"], 0, "{id} finds nothing");
        let charted = &answer["aggregations"];
        let has_some = kibana::counted(&body["aggs"], charted);
        assert!(has_some, "{id} counts nothing: {charted}");
    }
    assert_eq!(asked, 22);
}
