//! Under a real server and with a real client, by HTTP/1.1 and by HTTP/2, each request is counted once as well.

use std::future::pending;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{any, get, post};
use ecolaura_monitoring::{Monitoring, monitor};
use http::header::CONTENT_LENGTH;
use http::{StatusCode, Version};
use http_body_util::BodyExt as _;
use tokio::sync::Notify;

use support::battery::{in_flight, monitoring, received, requests, sent};
use support::eventually::eventually;
use support::script::{Script, Step};
use support::served::{Client, Server, Wire};

const VERSIONS: [Version; 2] = [Version::HTTP_11, Version::HTTP_2];

/// The same app under each of three servers.
async fn servers(app: impl Fn(&Monitoring) -> Router) -> [(Monitoring, Server); 3] {
    let (one, two, three) = (monitoring(), monitoring(), monitoring());
    let layered = |monitoring: &Monitoring| app(monitoring).layer(monitoring.layer());
    [
        (one.clone(), Server::ours(&one, layered(&one)).await),
        (two.clone(), Server::axum(layered(&two)).await),
        (three.clone(), Server::hyper(layered(&three)).await),
    ]
}

fn chunks() -> Script {
    Script::new([Step::Data(100), Step::Data(20), Step::Data(3)])
}

/// An app with each kind of answer that ends well.
fn healthy(_: &Monitoring) -> Router {
    let zero = || async { ([(CONTENT_LENGTH, "0")], Script::new([]).body()) };
    let declared = || async { ([(CONTENT_LENGTH, "123")], chunks().body()) };
    Router::new()
        .route("/text", get(|| async { "four" }))
        .route("/empty", get(|| async {}))
        .route("/zero", get(zero))
        .route(
            "/announced-zero",
            get(|| async { Script::new([]).announcing(0).body() }),
        )
        .route("/chunks", get(|| async { chunks().body() }))
        .route(
            "/saying",
            get(|| async { chunks().saying_its_end().body() }),
        )
        .route(
            "/announced",
            get(|| async { chunks().announcing(123).body() }),
        )
        .route("/declared", get(declared))
        .route("/no-content", get(|| async { StatusCode::NO_CONTENT }))
        .route("/unchanged", get(|| async { StatusCode::NOT_MODIFIED }))
        .route(
            "/broken",
            get(|| async { StatusCode::INTERNAL_SERVER_ERROR }),
        )
        .route(
            "/read",
            any(|body: Bytes| async move { body.len().to_string() }),
        )
        .route("/unread", post(|| async { "no need" }))
}

/// A request, its body, and how it is answered: status, outcome, bytes.
type Exchange = (&'static str, fn() -> Body, u16, &'static str, usize);

const EXCHANGES: [Exchange; 17] = [
    ("GET /text", Body::empty, 200, "success", 4),
    ("HEAD /text", Body::empty, 200, "success", 0),
    ("GET /empty", Body::empty, 200, "success", 0),
    ("GET /zero", Body::empty, 200, "success", 0),
    ("GET /announced-zero", Body::empty, 200, "success", 0),
    ("GET /chunks", Body::empty, 200, "success", 123),
    ("HEAD /chunks", Body::empty, 200, "success", 0),
    ("GET /saying", Body::empty, 200, "success", 123),
    ("GET /announced", Body::empty, 200, "success", 123),
    ("GET /declared", Body::empty, 200, "success", 123),
    ("GET /no-content", Body::empty, 204, "success", 0),
    ("GET /unchanged", Body::empty, 304, "success", 0),
    ("GET /broken", Body::empty, 500, "server_error", 0),
    ("POST /read", || Body::from("four"), 200, "success", 1),
    ("PUT /read", || chunks().body(), 200, "success", 3),
    ("POST /unread", || Body::from("four"), 200, "success", 7),
    ("PUT /text", Body::empty, 405, "client_error", 0),
];

#[tokio::test]
async fn all_that_ends_well() {
    for (monitoring, server) in servers(healthy).await {
        for version in VERSIONS {
            let client = Client::new(version);
            for (line, body, status, _, length) in EXCHANGES {
                let request = server.request(line, body());
                let (found, bytes) = client.send(request).await;
                assert_eq!((found, bytes.len()), (status, length), "{version:?} {line}");
            }
        }
        let rows =
            EXCHANGES.map(|(line, _, status, outcome, _)| format!("{line} {status} {outcome} 2"));
        server
            .end(&monitoring, &rows.each_ref().map(String::as_str))
            .await;
        let bytes: usize = EXCHANGES.iter().map(|exchange| exchange.4).sum();
        assert_eq!(sent(&monitoring), (34, 2.0 * bytes as f64));
        assert_eq!(received(&monitoring), (34, 2.0 * (4.0 + 123.0)));
    }
}

/// What `around` measures has the server's own body type.
#[tokio::test]
async fn around_a_router() {
    let ours = monitoring();
    let hypers = monitoring();
    let app = |monitoring: &Monitoring| {
        let templates = ["/text", "/read", "/chunks"];
        let app = monitoring.around(healthy(monitoring)).routes(templates);
        app.expect("good templates")
    };
    let servers = [
        (
            ours.clone(),
            Server::ours(&ours, app(&ours)).await,
            (8, 8.0),
        ),
        // What was read of hyper's body nobody saw.
        (hypers.clone(), Server::hyper(app(&hypers)).await, (6, 0.0)),
    ];
    for (monitoring, server, read) in servers {
        for version in VERSIONS {
            let client = Client::new(version);
            client
                .send(server.request("GET /text", Body::empty()))
                .await;
            client
                .send(server.request("GET /chunks", Body::empty()))
                .await;
            client
                .send(server.request("PUT /read", Body::from("four")))
                .await;
            client
                .send(server.request("GET /nothing", Body::empty()))
                .await;
        }
        let expected = [
            "GET /text 200 success 2",
            "GET /chunks 200 success 2",
            "PUT /read 200 success 2",
            "GET unmatched 404 client_error 2",
        ];
        server.end(&monitoring, &expected).await;
        assert_eq!(sent(&monitoring), (8, 2.0 * (4.0 + 123.0 + 1.0)));
        assert_eq!(received(&monitoring), read);
    }
}

#[tokio::test]
async fn many_on_one_connection() {
    for (monitoring, server) in servers(healthy).await {
        for version in VERSIONS {
            let client = Client::new(version);
            for _ in 0..50 {
                client
                    .send(server.request("GET /text", Body::empty()))
                    .await;
                client
                    .send(server.request("GET /chunks", Body::empty()))
                    .await;
            }
        }
        let expected = ["GET /text 200 success 100", "GET /chunks 200 success 100"];
        server.end(&monitoring, &expected).await;
    }
}

/// Sent before the first is answered, all three are.
#[tokio::test]
async fn pipelined() {
    for (monitoring, server) in servers(healthy).await {
        let mut wire = Wire::open(&server).await;
        let one = "GET /text HTTP/1.1\r\nhost: box\r\n\r\n";
        wire.write(&one.repeat(3)).await;
        for _ in 0..3 {
            wire.read_until("four").await;
        }
        drop(wire);
        server.end(&monitoring, &["GET /text 200 success 3"]).await;
    }
}

// --- what does not end well -------------------------------------------------------------------------------------------------

/// Expects a request that the client gives up, once the handler has it, to be counted like this.
async fn check_given_up(path: &str, app: impl Fn(Arc<Notify>) -> Router, expected: &str) {
    let reached = Arc::new(Notify::new());
    for (monitoring, server) in servers(|_| app(Arc::clone(&reached))).await {
        for version in VERSIONS {
            let client = Client::new(version);
            let request = server.request(&format!("GET {path}"), Body::empty());
            let asking = tokio::spawn(async move { client.send(request).await });
            reached.notified().await;
            assert_eq!(in_flight(&monitoring), [format!("{path} 1")]);
            asking.abort();
            // One after the other, so that each is seen to be given up.
            eventually("the end", async || {
                match in_flight(&monitoring).is_empty() {
                    true => Ok(()),
                    false => Err(format!("{version:?}: still in flight")),
                }
            })
            .await;
        }
        server.end(&monitoring, &[expected]).await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head() {
    let app = |reached: Arc<Notify>| {
        let handler = || async move {
            reached.notify_one();
            pending::<&'static str>().await
        };
        Router::new().route("/never", get(handler))
    };
    check_given_up("/never", app, "GET /never 499 cancelled 2").await;
}

#[tokio::test]
async fn a_client_that_leaves_during_the_body() {
    let app = |reached: Arc<Notify>| {
        let handler = || async move {
            reached.notify_one();
            Script::new([Step::Data(10), Step::Wait]).body()
        };
        Router::new().route("/half", get(handler))
    };
    check_given_up("/half", app, "GET /half 200 aborted 2").await;
}

/// The handler is through with more than fits in all buffers on the way, and the server notices while it writes.
#[tokio::test]
async fn a_client_that_leaves_during_a_long_body() {
    const MEGABYTE: usize = 1 << 20;
    let long = || async { Script::new([const { Step::Data(MEGABYTE) }; 64]).body() };
    for (monitoring, server) in servers(|_| Router::new().route("/long", get(long))).await {
        for version in VERSIONS {
            let client = Client::new(version);
            let answer = client
                .head(server.request("GET /long", Body::empty()))
                .await;
            let mut body = answer.expect("an answer").into_body();
            body.frame().await.expect("a frame").expect("data");
        }
        server.end(&monitoring, &["GET /long 200 aborted 2"]).await;
        let (_, bytes) = sent(&monitoring);
        assert!(bytes >= 2.0 * MEGABYTE as f64 && bytes < 128.0 * MEGABYTE as f64);
    }
}

#[tokio::test]
async fn a_client_that_closes_the_connection() {
    let never = || async { pending::<&'static str>().await };
    for (monitoring, server) in servers(|_| Router::new().route("/never", get(never))).await {
        let mut wire = Wire::open(&server).await;
        wire.write("GET /never HTTP/1.1\r\nhost: box\r\n\r\n").await;
        eventually("the request", async || match in_flight(&monitoring) {
            busy if busy == ["/never 1"] => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
        drop(wire);
        server
            .end(&monitoring, &["GET /never 499 cancelled 1"])
            .await;
    }
}

/// Whether the handler can still answer 400, and who gets that, is a matter of timing: it is one request anyway.
#[tokio::test]
async fn a_client_that_leaves_during_its_upload() {
    let read = || Router::new().route("/read", post(|_: Bytes| async {}));
    for (monitoring, server) in servers(|_| read()).await {
        let mut wire = Wire::open(&server).await;
        wire.write("POST /read HTTP/1.1\r\nhost: box\r\ncontent-length: 100\r\n\r\nfour")
            .await;
        eventually("the first bytes", async || match in_flight(&monitoring) {
            busy if busy == ["/read 1"] => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
        drop(wire);
        eventually("the end", async || {
            match in_flight(&monitoring).is_empty() {
                true => Ok(()),
                false => Err("still in flight".to_owned()),
            }
        })
        .await;
        let counted = requests(&monitoring).join("; ");
        let expected = [
            "POST /read 400 client_error 1",
            "POST /read 400 aborted 1",
            "POST /read 499 cancelled 1",
        ];
        assert!(expected.contains(&&*counted), "{counted}");
        server.end(&monitoring, &[&counted]).await;
    }
}

#[tokio::test]
async fn a_body_that_fails_and_one_that_panics() {
    let app = |_: &Monitoring| {
        let fails = || async { Script::new([Step::Data(10), Step::Fail]).body() };
        let panics = || async { Script::new([Step::Data(10), Step::Panic]).body() };
        Router::new()
            .route("/fails", get(fails))
            .route("/panics", get(panics))
    };
    for (monitoring, server) in servers(app).await {
        for version in VERSIONS {
            for path in ["/fails", "/panics"] {
                let request = server.request(&format!("GET {path}"), Body::empty());
                let answer = Client::new(version).head(request).await;
                if let Ok(answer) = answer {
                    answer
                        .into_body()
                        .collect()
                        .await
                        .expect_err("it breaks off");
                }
            }
        }
        let expected = ["GET /fails 200 server_error 2", "GET /panics 200 panic 2"];
        server.end(&monitoring, &expected).await;
    }
}

#[tokio::test]
async fn a_handler_that_panics() {
    #[monitor("/monitored")]
    async fn monitored() -> StatusCode {
        panic!("the press broke")
    }
    async fn plain() -> StatusCode {
        panic!("the press broke")
    }
    let app = |_: &Monitoring| {
        Router::new()
            .route("/plain", get(plain))
            .route("/monitored", get(monitored))
    };
    for (monitoring, server) in servers(app).await {
        for version in VERSIONS {
            for path in ["/plain", "/monitored"] {
                let request = server.request(&format!("GET {path}"), Body::empty());
                let answer = Client::new(version).head(request).await;
                answer.expect_err("the connection breaks");
            }
        }
        let expected = ["GET /plain 500 panic 2", "GET /monitored 500 panic 2"];
        server.end(&monitoring, &expected).await;
    }
}
