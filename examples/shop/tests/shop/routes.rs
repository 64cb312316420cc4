//! The example shop: every route with good and bad input, what is counted for it, its flags, and how it ends.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::ACCEPT;
use http_body_util::BodyExt as _;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use support::eventually::eventually;
use support::metric_family::families;
use support::scrape::PROTOBUF;
use support::shop_process::{Shop, run};
use support::visitor::{Visit, Visitor, get, post};

const NOTHING: &str = "nothing was found here";
const NO_NUMBER: &str = "the id in the path is not a number";
const UNKNOWN: &str = "the request names something that does not exist";

#[tokio::test]
async fn every_route_answers_and_is_counted() {
    let mut visitor = Visitor::of(Shop::open(&["--no-traffic"]).await);

    look_around(&mut visitor).await;
    sign_up(&mut visitor).await;
    send_a_box(&mut visitor).await;
    order(&mut visitor).await;
    tell(&mut visitor).await;
    log_in(&mut visitor).await;
    ask_for_recommendations(&mut visitor).await;
    go_astray(&mut visitor).await;

    is_ready(&visitor.shop).await;
    counts_are_those_of(&visitor).await;
    protobuf_has_each_family_once(&visitor.shop).await;
    assert_eq!(visitor.shop.close().await.code(), Some(0));
}

async fn is_ready(shop: &Shop) {
    let ready = shop.ready().await;
    assert_eq!(ready["status"], "pass", "{ready}");
    assert_eq!(ready["checks"]["database"]["status"], "pass", "{ready}");
}

/// As a consumer reads it that keys families by name.
async fn protobuf_has_each_family_once(shop: &Shop) {
    let client = legacy::Client::builder(TokioExecutor::new()).build_http();
    let uri = format!("http://{}/metrics", shop.monitoring);
    let request = Request::get(uri).header(ACCEPT, PROTOBUF);
    let answer = client.request(request.body(Body::empty()).expect("a request"));
    let body = answer.await.expect("an answer").into_body().collect();
    let families = families(&body.await.expect("a whole answer").to_bytes());
    let latency = families
        .iter()
        .find(|family| family.name == "http_request_duration_seconds");
    assert!(latency.is_some_and(|family| family.metric.len() > 10));
    assert!(families.len() > 50);
}

/// What the visitor has done, in the shop's own terms.
const BUSINESS: &[(&str, &[&str])] = &[
    (
        "subscription_signups_total",
        &[
            r#"subscription_signups_total{plan="forest"} 1"#,
            r#"subscription_signups_total{plan="seedling"} 0"#,
        ],
    ),
    ("revenue_total", &[r#"revenue_total{currency="EUR"} 40.7"#]),
    ("refunds_total", &[r#"refunds_total{currency="EUR"} 40.7"#]),
    (
        "order_processing_seconds_count",
        &[
            r#"order_processing_seconds_count{outcome="cancelled"} 0"#,
            r#"order_processing_seconds_count{outcome="completed"} 1"#,
            r#"order_processing_seconds_count{outcome="failed"} 0"#,
            r#"order_processing_seconds_count{outcome="rejected"} 2"#,
        ],
    ),
    (
        "subscription_box_stage_total",
        &[
            r#"subscription_box_stage_total{stage="created"} 1"#,
            r#"subscription_box_stage_total{stage="curated"} 1"#,
            r#"subscription_box_stage_total{stage="delivered"} 1"#,
            r#"subscription_box_stage_total{stage="packed"} 1"#,
            r#"subscription_box_stage_total{stage="returned"} 1"#,
            r#"subscription_box_stage_total{stage="shipped"} 1"#,
        ],
    ),
    (
        "subscription_box_fill_ratio_sum",
        &[
            r#"subscription_box_fill_ratio_sum{plan="forest"} 0.25"#,
            r#"subscription_box_fill_ratio_sum{plan="seedling"} 0"#,
        ],
    ),
    (
        "customer_satisfaction_score_sum",
        &[
            r#"customer_satisfaction_score_sum{touchpoint="delivery"} 5"#,
            r#"customer_satisfaction_score_sum{touchpoint="support"} 2"#,
        ],
    ),
    (
        "user_journey_steps_total",
        &[
            r#"user_journey_steps_total{journey="subscription",step="box"} 1"#,
            r#"user_journey_steps_total{journey="subscription",step="browse"} 1"#,
            r#"user_journey_steps_total{journey="subscription",step="look_closer"} 1"#,
            r#"user_journey_steps_total{journey="subscription",step="sign_up"} 1"#,
        ],
    ),
    ("active_users", &["active_users 2"]),
    (
        "cache_requests_total",
        &[
            r#"cache_requests_total{cache="products",outcome="hit"} 0"#,
            r#"cache_requests_total{cache="products",outcome="miss"} 1"#,
        ],
    ),
    (
        "queue_capacity",
        &[r#"queue_capacity{queue="letters"} 1000"#],
    ),
    (
        "db_pool_connections_max",
        &[r#"db_pool_connections_max{pool="shop"} 1"#],
    ),
];

/// Exactly these series, with exactly these values.
async fn counts_are_those_of(visitor: &Visitor) {
    let shop = &visitor.shop;
    assert_eq!(shop.metric("http_requests_total").await, visitor.requests());
    assert_eq!(shop.metric("request_count_total").await, visitor.calls());
    for in_flight in shop.metric("http_requests_in_flight").await {
        assert!(in_flight.ends_with(" 0"), "{in_flight}");
    }
    assert_eq!(
        shop.metric("boxes_packed_total").await,
        [
            r#"boxes_packed_total{plan="forest"} 1"#,
            r#"boxes_packed_total{plan="seedling"} 0"#
        ]
    );
    for (name, expected) in BUSINESS {
        assert_eq!(shop.metric(name).await, *expected, "{name}");
    }
    assert_eq!(shop.metric("order_items_sum").await, ["order_items_sum 2"]);
    assert_eq!(
        shop.metric("order_items_count").await,
        ["order_items_count 1"]
    );
}

async fn look_around(visitor: &mut Visitor) {
    let brush = json!({
        "id": 9, "name": "Olive wood dish brush", "price_cents": 1190, "available": false,
    });
    let (status, products) = visitor.send(get("/api/v1/products")).await;
    assert_eq!(status, 200);
    assert_eq!(products.as_array().map(Vec::len), Some(9));
    assert_eq!(products[8], brush);
    visitor.answers(get("/api/v1/products/9"), 200, brush).await;

    visitor
        .refuses(get("/api/v1/products/10"), 404, NOTHING)
        .await;
    visitor
        .refuses(get("/api/v1/products/-1"), 404, NOTHING)
        .await;
    for id in ["first", "1.5", "99999999999999999999"] {
        let visit = get(&format!("/api/v1/products/{id}")).rejected();
        visitor.refuses(visit, 400, NO_NUMBER).await;
    }
}

async fn sign_up(visitor: &mut Visitor) {
    let sign_up = |email, plan| {
        let body = json!({ "email": email, "plan": plan });
        post("/api/v1/subscriptions", body)
    };
    let subscription = json!({ "id": 1, "plan": "forest" });
    let visit = sign_up("grace@ecolaura.example", "forest");
    visitor.answers(visit, 201, subscription.clone()).await;
    visitor
        .answers(get("/api/v1/subscriptions/1"), 200, subscription)
        .await;

    for email in ["", "grace", "@ecolaura.example", "grace@ecolaura"] {
        let why = "email is not an address";
        visitor.refuses(sign_up(email, "forest"), 422, why).await;
    }
    let visit = sign_up("grace@ecolaura.example", "jungle").rejected();
    let why = "plan: unknown variant `jungle`, expected `seedling` or `forest`";
    visitor.refuses(visit, 422, why).await;
    visitor
        .refuses(get("/api/v1/subscriptions/2"), 404, NOTHING)
        .await;
}

async fn send_a_box(visitor: &mut Visitor) {
    let at_stage =
        |stage| json!({ "id": 1, "subscription_id": 1, "plan": "forest", "stage": stage });
    let create = |subscription| post("/api/v1/boxes", json!({ "subscription_id": subscription }));
    let curate = |products| {
        post(
            "/api/v1/boxes/1/contents",
            json!({ "product_ids": products }),
        )
    };
    let advance = |stage| post("/api/v1/boxes/1/stage", json!({ "stage": stage }));

    visitor.refuses(create(2), 422, UNKNOWN).await;
    visitor.answers(create(1), 201, at_stage("created")).await;

    let backwards = "a box does not go there from where it is";
    visitor.refuses(advance("shipped"), 409, backwards).await;
    let why = "a box holds 1 to 12 products";
    visitor.refuses(curate(vec![]), 422, why).await;
    visitor.refuses(curate(vec![1; 13]), 422, why).await;
    visitor.refuses(curate(vec![1, 10]), 422, UNKNOWN).await;
    let contents = vec![1, 1, 4];
    visitor
        .answers(curate(contents), 200, at_stage("curated"))
        .await;

    let why = "only a new box can be curated";
    visitor.refuses(curate(vec![1]), 409, why).await;
    for stage in ["packed", "shipped", "delivered", "returned"] {
        visitor.answers(advance(stage), 200, at_stage(stage)).await;
        visitor.refuses(advance(stage), 409, backwards).await;
    }
    for stage in ["created", "curated"] {
        let why = "a box comes to this stage by other means";
        visitor.refuses(advance(stage), 422, why).await;
    }
    let why = "unknown variant `lost`";
    visitor.refuses(advance("lost").rejected(), 422, why).await;
    let visit = post("/api/v1/boxes/2/stage", json!({ "stage": "packed" }));
    visitor.refuses(visit, 404, NOTHING).await;
}

async fn tell(visitor: &mut Visitor) {
    let feedback = |touchpoint, score| {
        let body = json!({ "touchpoint": touchpoint, "score": score });
        post("/api/v1/feedback", body)
    };
    visitor
        .answers(feedback("delivery", 5), 201, Value::Null)
        .await;
    visitor
        .answers(feedback("support", 2), 201, Value::Null)
        .await;
    let why = "a score is from 1 to 5";
    visitor.refuses(feedback("delivery", 0), 422, why).await;
    visitor.refuses(feedback("delivery", 6), 422, why).await;
    let why = "nobody asks there";
    visitor.refuses(feedback("checkout", 5), 422, why).await;
}

async fn order(visitor: &mut Visitor) {
    let order = |items: &[(i64, i64)]| {
        let item =
            |&(product, quantity): &_| json!({ "product_id": product, "quantity": quantity });
        let items: Vec<Value> = items.iter().map(item).collect();
        post("/api/v1/orders", json!({ "items": items }))
    };
    let placed = json!({
        "id": 1,
        "total_cents": 2 * 390 + 3290,
        "items": [{ "product_id": 1, "quantity": 2 }, { "product_id": 7, "quantity": 1 }],
    });
    visitor
        .answers(order(&[(1, 2), (7, 1)]), 201, placed.clone())
        .await;
    visitor.answers(get("/api/v1/orders/1"), 200, placed).await;

    let why = "an order has 1 to 20 items";
    visitor.refuses(order(&[]), 422, why).await;
    visitor.refuses(order(&[(1, 1); 21]), 422, why).await;
    let why = "a quantity is from 1 to 100";
    for quantity in [i64::MIN, 0, 101, i64::MAX] {
        visitor.refuses(order(&[(1, quantity)]), 422, why).await;
    }
    visitor
        .refuses(order(&[(1, 1), (10, 1)]), 422, UNKNOWN)
        .await;
    let why = "a product in this order is sold out";
    visitor.refuses(order(&[(1, 1), (9, 1)]), 409, why).await;
    // What was refused has left nothing behind.
    visitor.refuses(get("/api/v1/orders/2"), 404, NOTHING).await;

    let refund = |id| post(&format!("/api/v1/orders/{id}/refund"), Value::Null);
    visitor.answers(refund(1), 204, Value::Null).await;
    let why = "this order is refunded already";
    visitor.refuses(refund(1), 409, why).await;
    visitor.refuses(refund(2), 404, NOTHING).await;
}

async fn log_in(visitor: &mut Visitor) {
    let log_in = |email, password| {
        let body = json!({ "email": email, "password": password });
        post("/api/v1/login", body)
    };
    let visit = log_in("ada@ecolaura.example", "sow-mend-share");
    visitor.answers(visit, 200, json!({ "name": "Ada" })).await;

    let too_long = "x".repeat(73);
    for (email, password) in [
        ("ada@ecolaura.example", "guess"),
        ("ada@ecolaura.example", ""),
        ("ada@ecolaura.example", &too_long),
        ("nobody@ecolaura.example", "sow-mend-share"),
        ("' OR 1=1 --", "sow-mend-share"),
    ] {
        let why = "email or password is wrong";
        visitor.refuses(log_in(email, password), 401, why).await;
    }
}

async fn ask_for_recommendations(visitor: &mut Visitor) {
    let oracle = match visitor.send(get("/api/v1/recommendations")).await {
        (200, products) => {
            assert_eq!(products.as_array().map(Vec::len), Some(3));
            200
        }
        (status, problem) => {
            assert_eq!(status, 503, "{problem}");
            let why = "recommendations are away, try again";
            assert_eq!(problem["detail"], why);
            500
        }
    };
    // The function that the handler calls is monitored too. It is no endpoint: it has a name, and no answer but its value.
    visitor.called("GET", "ask_the_oracle", oracle);
}

/// What does not even reach a handler.
async fn go_astray(visitor: &mut Visitor) {
    for path in ["/", "/api/v1/products/", "/wp-login.php"] {
        let visit = get(path).unmatched();
        visitor.refuses(visit, 404, NOTHING).await;
    }
    let visit = post("/api/v1/products", Value::Null).rejected();
    let why = "this path does not take that method";
    visitor.refuses(visit, 405, why).await;

    let orders = |body: &str| Visit {
        body: body.to_owned(),
        ..post("/api/v1/orders", Value::Null).rejected()
    };
    let why = "Failed to parse the request body as JSON";
    visitor.refuses(orders("two of everything"), 400, why).await;
    visitor.refuses(orders(r#"{"items":"#), 400, why).await;
    let why = "missing field `items`";
    visitor.refuses(orders("{}"), 422, why).await;
    let too_long = format!(r#"{{"items":"{}"}}"#, "x".repeat(2 << 20));
    let why = "length limit exceeded";
    visitor.refuses(orders(&too_long), 413, why).await;
}

#[tokio::test]
async fn a_file_keeps_the_data() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shop_keeps_the_data.sqlite");
    // It is not there on the first run.
    let _ = fs::remove_file(&file);
    let file = file.display().to_string();
    let flags = ["--no-traffic", "--database", &file];
    let sign_up = r#"{"email":"grace@ecolaura.example","plan":"seedling"}"#;
    let subscription = json!({ "id": 1, "plan": "seedling" });

    let shop = Shop::open(&flags).await;
    let answer = shop.send("POST", "/api/v1/subscriptions", sign_up).await;
    assert_eq!(answer, (201, subscription.clone()));
    shop.close().await;

    let shop = Shop::open(&flags).await;
    let answer = shop.send("GET", "/api/v1/subscriptions/1", "").await;
    assert_eq!(answer, (200, subscription));
    shop.close().await;
}

/// Neither is a transaction left open, nor is the connection closed that the database in memory lives in.
#[tokio::test]
async fn customers_who_leave_do_no_harm() {
    let shop = Shop::open(&["--no-traffic"]).await;
    let order = r#"{"items":[{"product_id":1,"quantity":2},{"product_id":2,"quantity":1}]}"#;
    for _ in 0..500 {
        shop.send_and_leave("POST", "/api/v1/orders", order).await;
        let (status, _order) = shop.send("POST", "/api/v1/orders", order).await;
        assert_eq!(status, 201);
    }
    is_ready(&shop).await;
    shop.close().await;
}

#[tokio::test]
async fn own_traffic_has_every_outcome_and_ends_with_the_shop() {
    let shop = Shop::open(&["--requests-per-second", "500"]).await;
    eventually("every outcome", async || {
        let requests = shop.metric("http_requests_total").await.concat();
        let seen = |outcome: &&str| requests.contains(&format!("outcome=\"{outcome}\""));
        let outcomes = ["success", "client_error", "server_error", "cancelled"];
        match outcomes.iter().find(|outcome| !seen(outcome)) {
            Some(outcome) => Err(format!("there is no {outcome} yet")),
            None => Ok(()),
        }
    })
    .await;
    assert_eq!(shop.close().await.code(), Some(0));
}

#[tokio::test]
async fn a_wrong_flag_is_told() {
    async fn check(flags: &[&str], told: &str) {
        let output = run(flags).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(stderr, format!("shop: {told}\nTry --help.\n"));
        assert_eq!(output.status.code(), Some(2), "{told}");
    }
    check(&["--colour"], "invalid option '--colour'").await;
    check(&["now"], "unexpected argument \"now\"").await;
    check(&["--listen"], "missing argument for option '--listen'").await;
    let takes = "takes HOST:PORT, such as 127.0.0.1:3000, localhost:3000 or [::1]:3000, not";
    for wrong in [
        "here",
        "3000",
        ":3000",
        "localhost",
        "::1:3000",
        "127.0.0.1:70000",
        "",
    ] {
        for flag in ["--listen", "--monitoring"] {
            check(&[flag, wrong], &format!("{flag} {takes} {wrong:?}")).await;
        }
    }
    let told = "--requests-per-second takes a number from 1 to 1000, not \"0\"";
    check(&["--requests-per-second", "0"], told).await;
}

#[tokio::test]
async fn help_lists_the_flags() {
    let output = run(&["--help"]).await;
    let help = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    for flag in [
        "--listen HOST:PORT",
        "--monitoring HOST:PORT",
        "--database FILE",
        "--requests-per-second N",
        "--no-traffic",
    ] {
        assert!(help.contains(flag), "{flag} is not in\n{help}");
    }
}

#[tokio::test]
async fn a_name_and_ipv6_are_addresses() {
    for (given, expected) in [
        ("localhost:0", "127.0.0.1"),
        ("[::1]:0", "::1"),
        ("0.0.0.0:0", "0.0.0.0"),
    ] {
        // Not every machine has IPv6.
        if TcpListener::bind(given).is_err() {
            continue;
        }
        let shop = Shop::open_at(given, &["--no-traffic"]).await;
        for address in shop.addresses() {
            assert_eq!(address.ip().to_string(), expected, "{given}");
        }
    }
}

/// What is wrong, and the flag that changes it.
#[tokio::test]
async fn a_port_in_use_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port();
    let (taken, by_name) = (format!("127.0.0.1:{port}"), format!("localhost:{port}"));
    for (flag, flags) in [
        (
            "--listen",
            ["--listen", &taken, "--monitoring", "127.0.0.1:0"],
        ),
        (
            "--listen",
            ["--listen", &by_name, "--monitoring", "127.0.0.1:0"],
        ),
        (
            "--monitoring",
            ["--listen", "127.0.0.1:0", "--monitoring", &taken],
        ),
    ] {
        let output = run(&flags).await;
        let told = String::from_utf8_lossy(&output.stderr);
        let expected = format!(
            "shop: cannot listen on {taken}: Address already in use (os error 98). Choose another address with {flag} HOST:PORT\n"
        );
        assert_eq!(told, expected);
        assert_eq!(output.status.code(), Some(1), "{told}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_told() {
    let flags = [
        "--database",
        "/nowhere/shop.sqlite",
        "--listen",
        "127.0.0.1:0",
    ];
    let output = run(&[&flags[..], &["--monitoring", "127.0.0.1:0"]].concat()).await;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("shop: cannot open the database: "), "{told}");
    assert_eq!(output.status.code(), Some(1), "{told}");
}
