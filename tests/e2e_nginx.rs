//! A real nginx in front of a service: each request has one line in its access log that keeps to the contract, says what happened, and
//! names the trace that the service saw; and what a client sends cannot spoil it.

mod support {
    #[allow(dead_code)]
    pub(crate) mod client;
    pub(crate) mod ecs;
    pub(crate) mod eventually;
    pub(crate) mod folder;
    pub(crate) mod nginx;
    pub(crate) mod ports;
    #[allow(dead_code)]
    pub(crate) mod process;
    pub(crate) mod proxied;
    pub(crate) mod strict_json;
    pub(crate) mod timestamp;
    pub(crate) mod wire;
}

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, Value, json};

use crate::support::ecs;
use crate::support::folder::empty_folder;
use crate::support::nginx::Nginx;
use crate::support::ports::free;
use crate::support::proxied::{CURRENT, SEEN, SEEN_STATE, Service};
use crate::support::timestamp::nanoseconds;
use crate::support::wire::{Answer, Wire};

const LOG: &str = include_str!("../deploy/nginx/ecs-access-log.conf");

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// What no line may have anything of.
const SECRET: &str = "hunter2";

/// A request as it is written, and what its line is to say.
struct Case {
    head: &'static str,
    body: String,
    status: u16,
    path: &'static str,
    endpoint: &'static str,
    outcome: &'static str,
}

fn case(head: &'static str, status: u16, outcome: &'static str) -> Case {
    let target = head.split(' ').nth(1).expect("a target");
    Case {
        head,
        body: String::new(),
        status,
        path: target.split('?').next().expect("a path"),
        endpoint: "unmatched",
        outcome,
    }
}

impl Case {
    fn of(self, endpoint: &'static str) -> Self {
        Self { endpoint, ..self }
    }

    fn with(self, body: String) -> Self {
        Self { body, ..self }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_says_what_happened() {
    const PRODUCTS: &str = "/api/v1/products";
    const PRODUCT: &str = "/api/v1/products/{id}";
    const ORDERS: &str = "/api/v1/orders";
    let (mut nginx, _service) = start("e2e_nginx", LOG).await;
    let cases = [
        case("GET /api/v1/products HTTP/1.1", 200, "success").of(PRODUCTS),
        case("GET /api/v1/products HTTP/1.0", 200, "success").of(PRODUCTS),
        case("HEAD /api/v1/products HTTP/1.1", 200, "success").of(PRODUCTS),
        case(
            "GET /api/v1/products/1?token=hunter2 HTTP/1.1",
            200,
            "success",
        )
        .of(PRODUCT),
        case("GET /api/v1/products/99 HTTP/1.1", 404, "client_error").of(PRODUCT),
        case("DELETE /api/v1/products HTTP/1.1", 405, "client_error").of(PRODUCTS),
        case("PROPFIND /api/v1/products HTTP/1.1", 405, "client_error").of(PRODUCTS),
        case("POST /api/v1/orders HTTP/1.1", 200, "success").of(ORDERS),
        case("POST /api/v1/orders HTTP/1.1", 200, "success")
            .of(ORDERS)
            .with("hunter2".to_owned()),
        case("POST /api/v1/orders HTTP/1.1", 200, "success")
            .of(ORDERS)
            .with("a".repeat(1_500_000)),
        case("POST /small HTTP/1.1", 413, "client_error").with("a".repeat(2_000)),
        case("GET /moved HTTP/1.1", 302, "success"),
        case("GET /empty HTTP/1.1", 204, "success"),
        case("GET /broken HTTP/1.1", 500, "server_error"),
        case("GET /gone?password=hunter2 HTTP/1.1", 502, "server_error"),
        case("GET /late HTTP/1.1", 504, "timeout"),
        case("GET /later HTTP/1.1", 504, "timeout"),
        case("GET /silent HTTP/1.1", 444, "client_error"),
        // That the service failed half-way, nginx says in its error log alone.
        case("GET /cut-off HTTP/1.1", 200, "success"),
        case("GET /.env HTTP/1.1", 404, "client_error"),
    ];
    for case in cases {
        let before = (unix_nanoseconds(), Instant::now());
        let request = format!(
            "{}\r\nhost: shop\r\nconnection: close\r\nauthorization: hunter2\r\nuser-agent: hunter2\r\n\
             referer: http://hunter2/\r\ncontent-length: {}\r\n\r\n{}",
            case.head,
            case.body.len(),
            case.body,
        );
        let answer = Wire::open(nginx.address)
            .await
            .exchange(request.as_bytes())
            .await;
        let line = nginx.line().await;
        let fields = checked(&line);
        says(&fields, &case, &answer);
        happened(&fields, &case, before);
        assert!(!line.contains(SECRET), "{line}");
        if let Some(seen) = answer.header(SEEN) {
            is_trace(&fields, seen);
            assert_eq!(answer.header(CURRENT), fields["trace.id"].as_str());
        }
    }
    assert_eq!(nginx.unread(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_is_the_one_that_the_service_saw() {
    let valid = format!("00-{TRACE}-{SPAN}-01");
    let unrecorded = format!("00-{TRACE}-{SPAN}-00");
    let newer = format!("cc-{TRACE}-{SPAN}-01-what-will-be");
    let (mut nginx, _service) = start("e2e_nginx_traces", LOG).await;

    for traceparent in [&valid, &unrecorded, &newer] {
        let headers = format!("traceparent: {traceparent}\r\ntracestate: a=b\r\n");
        let (fields, answer) = get(&mut nginx, &headers).await;
        assert_eq!(fields["trace.id"], TRACE);
        assert_eq!(fields["span.id"], SPAN);
        assert_eq!(answer.header(SEEN), Some(traceparent.as_str()));
        assert_eq!(answer.header(SEEN_STATE), Some("a=b"));
    }

    // Malformed, or of nobody: a trace that begins here, each time another, without the state of what was not understood.
    let malformed = [
        String::new(),
        "traceparent: \r\n".to_owned(),
        "traceparent: hunter2\r\n".to_owned(),
        "traceparent: 00-\"},{\"-01\r\n".to_owned(),
        format!("traceparent: {valid}-more\r\n"),
        format!("traceparent: ff-{TRACE}-{SPAN}-01\r\n"),
        format!("traceparent: 00-{}-{SPAN}-01\r\n", TRACE.to_uppercase()),
        format!("traceparent: 00-{}-{SPAN}-01\r\n", "0".repeat(32)),
        format!("traceparent: 00-{TRACE}-{}-01\r\n", "0".repeat(16)),
        format!("traceparent: 00-{TRACE}-{SPAN}-1\r\n"),
    ];
    let mut traces = BTreeSet::new();
    for header in &malformed {
        let (fields, answer) = get(&mut nginx, &format!("{header}tracestate: a=b\r\n")).await;
        let seen = answer.header(SEEN).expect("a trace");
        is_trace(&fields, seen);
        assert!(seen.ends_with("-01"), "{seen}");
        assert_eq!(answer.header(CURRENT), fields["trace.id"].as_str());
        assert_eq!(answer.header(SEEN_STATE), None);
        traces.insert(fields["trace.id"].to_string());
    }
    assert_eq!(traces.len(), malformed.len(), "{traces:?}");
    assert_eq!(nginx.unread(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_go_away_have_a_line() {
    let (mut nginx, mut service) = start("e2e_nginx_aborts", LOG).await;

    let mut client = Wire::open(nginx.address).await;
    client
        .write(b"GET /waits HTTP/1.1\r\nhost: shop\r\n\r\n")
        .await;
    service.waiting.recv().await.expect("it has begun");
    drop(client);
    let fields = checked(&nginx.line().await);
    assert_eq!(fields["http.response.status_code"], 499);
    assert_eq!(fields["labels"]["outcome"], "cancelled");
    assert_eq!(fields["event.outcome"], "failure");

    let mut client = Wire::open(nginx.address).await;
    client
        .write(b"GET /endless HTTP/1.1\r\nhost: shop\r\n\r\n")
        .await;
    client.read_until(b"some of it some of it").await;
    drop(client);
    let fields = checked(&nginx.line().await);
    assert_eq!(fields["http.response.status_code"], 200);
    assert_eq!(fields["labels"]["outcome"], "aborted");
    assert_eq!(fields["event.outcome"], "failure");
    assert_eq!(nginx.unread(), 0);
}

/// What scanners send, and what was made to break a log: one line each, that says as much as can be said.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_client_sends_spoils_a_line() {
    let (mut nginx, _service) = start("e2e_nginx_attacks", LOG).await;
    let attacks: &[(&[u8], &str, &str)] = &[
        (
            b"GET /a%0a%7b%22log.level%22:%22error%22%7d HTTP/1.1",
            "GET",
            "/a%0a%7b%22log.level%22:%22error%22%7d",
        ),
        (b"GET /a%ff%feb HTTP/1.1", "GET", "/a%ff%feb"),
        (
            b"GET /\",\"log.level\":\"error HTTP/1.1",
            "GET",
            "/\",\"log.level\":\"error",
        ),
        (b"GET /a\\ HTTP/1.1", "GET", "/a\\"),
        (
            b"GET /${jndi:ldap://x/y}?a HTTP/1.1",
            "GET",
            "/${jndi:ldap://x/y}",
        ),
        (b"GET /a%00b HTTP/1.1", "GET", "-"),
        (b"GET /../../etc/passwd HTTP/1.1", "GET", "-"),
        (b"GET /a/../b HTTP/1.1", "GET", "/a/../b"),
        (b"GET /ab\xff\xfecd HTTP/1.1", "GET", "/ab\u{fffd}"),
        (b"GET /caf\xc3\xa9?hunter2 HTTP/1.1", "GET", "/caf\u{fffd}"),
        (b"GET /?a=%0a&token=hunter2 HTTP/1.1", "GET", "/"),
        (b"GET /a#hunter2 HTTP/1.1", "GET", "/a"),
        (b"GET http://shop/a?hunter2 HTTP/1.1", "GET", "/a"),
        (b"GET http://shop?hunter2 HTTP/1.1", "GET", "/"),
        (b"GET /a\x01b HTTP/1.1", "-", "-"),
        (b"GET /a\x7fb HTTP/1.1", "-", "-"),
        (b"GET /a\nhunter2 HTTP/1.1", "GET", "/a"),
        (b"G\"T / HTTP/1.1", "-", "-"),
        (b"get / HTTP/1.1", "-", "-"),
        (b"OPTIONS * HTTP/1.1", "-", "-"),
        (b"CONNECT shop:443 HTTP/1.1", "-", "-"),
        (b"GET / HTTP/9.9", "-", "-"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "-", "-"),
        (b"hunter2", "-", "-"),
        (
            b"GET / HTTP/1.1\r\ncontent-length: 99999999999999999999999",
            "GET",
            "/",
        ),
        (b"GET / HTTP/1.1\r\nno header", "GET", "/"),
    ];
    for (request, method, path) in attacks {
        let request = [request, &b"\r\nhost: shop\r\nconnection: close\r\n\r\n"[..]].concat();
        Wire::open(nginx.address).await.exchange(&request).await;
        let line = nginx.line().await;
        let fields = checked(&line);
        assert_eq!(fields["http.request.method"], *method, "{line}");
        assert_eq!(fields["url.path"], *path, "{line}");
        assert!(!line.contains(SECRET), "{line}");
    }

    // Nonsense of many kinds, made of what could mean something.
    const PIECES: [&[u8]; 16] = [
        b"/",
        b"%0a",
        b"\"",
        b"\\",
        b"\xff",
        b"\xc3\xa9",
        b"?",
        b"#",
        b"{",
        b"}",
        b"%",
        b"\\u0000",
        b"'",
        b"\xed\xa0\x80",
        b"a",
        b"..",
    ];
    let mut random = fastrand::Rng::with_seed(9);
    for _ in 0..200 {
        let mut request = b"GET /a".to_vec();
        for _ in 0..random.usize(1..12) {
            request.extend_from_slice(PIECES[random.usize(..PIECES.len())]);
        }
        request.extend_from_slice(b" HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n");
        Wire::open(nginx.address).await.exchange(&request).await;
        checked(&nginx.line().await);
    }

    // One too long for nginx to read, and one that has no head.
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(20_000));
    Wire::open(nginx.address)
        .await
        .exchange(long.as_bytes())
        .await;
    let fields = checked(&nginx.line().await);
    assert_eq!(fields["http.response.status_code"], 414);
    Wire::open(nginx.address)
        .await
        .exchange(b"GET /old\r\n")
        .await;
    let fields = checked(&nginx.line().await);
    assert_eq!(fields["http.version"], "0.9");
    assert_eq!(fields["url.path"], "/old");
    assert_eq!(nginx.unread(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_has_lines_as_well() {
    let (mut nginx, _service) = start("e2e_nginx_http_2", LOG).await;
    let mut client = legacy::Client::builder(TokioExecutor::new());
    let client = client.http2_only(true).build_http::<Body>();
    let url = format!("http://{}/api/v1/products/1?hunter2", nginx.http_2);
    let answer = client.get(url.parse().expect("an address")).await;
    assert_eq!(answer.expect("an answer").status(), 200);
    let fields = checked(&nginx.line().await);
    assert_eq!(fields["http.version"], "2");
    assert_eq!(fields["url.path"], "/api/v1/products/1");
    assert_eq!(fields["labels"]["outcome"], "success");
}

/// The lines that are there to be chosen work once their `#` is taken.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_clients_can_be_chosen() {
    let chosen = LOG.replace("# '\"", "'\"");
    assert_eq!(LOG.len() - chosen.len(), 3 * "# ".len());
    let (mut nginx, _service) = start("e2e_nginx_chosen", &chosen).await;
    let headers = [
        (
            "user-agent: \"curl\"/8\r\nreferer: http://a/b?hunter2\r\n",
            "\"curl\"/8",
            "http://a/b",
        ),
        ("user-agent: caf\u{e9}\r\nreferer: \u{e9}\r\n", "-", "-"),
        ("", "-", "-"),
    ];
    for (headers, agent, referrer) in headers {
        let (fields, _answer) = get(&mut nginx, headers).await;
        assert_eq!(fields["client.address"], "127.0.0.1");
        assert_eq!(fields["user_agent.original"], agent);
        assert_eq!(fields["http.request.referrer"], referrer);
    }
}

/// An nginx and what it stands in front of, with a place for each thing that can go wrong between the two.
async fn start(name: &str, log: &str) -> (Nginx, Service) {
    let service = Service::start().await;
    let (up, down) = (service.address, free());
    let locations = format!(
        "client_max_body_size 2m;
        location / {{ proxy_pass http://{up}; proxy_buffering off; }}
        location /small {{ client_max_body_size 1k; proxy_pass http://{up}; }}
        location /late {{ proxy_read_timeout 120ms; proxy_pass http://{up}/waits; }}
        location /later {{ proxy_read_timeout 1100ms; proxy_pass http://{up}/waits; }}
        location /gone {{ proxy_pass http://{down}; }}
        location /silent {{ return 444; }}"
    );
    (
        Nginx::start(&empty_folder(name), log, &locations).await,
        service,
    )
}

/// Asks for a product with these headers.
async fn get(nginx: &mut Nginx, headers: &str) -> (Map<String, Value>, Answer) {
    let request = format!(
        "GET /api/v1/products/1 HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n{headers}\r\n"
    );
    let answer = Wire::open(nginx.address)
        .await
        .exchange(request.as_bytes())
        .await;
    assert_eq!(answer.status, 200);
    (checked(&nginx.line().await), answer)
}

fn checked(line: &str) -> Map<String, Value> {
    ecs::check(line).unwrap_or_else(|reason| panic!("{reason}: {line}"))
}

/// The line says what was asked and answered.
fn says(fields: &Map<String, Value>, case: &Case, answer: &Answer) {
    let (method, version) = (case.head.split(' ').next(), case.head.rsplit('/').next());
    let method = method
        .filter(|method| *method != "PROPFIND")
        .unwrap_or("_OTHER");
    let Case { status, path, .. } = case;
    let failed = case.outcome != "success";
    let expected = json!({
        "log.level": if *status >= 500 { "error" } else { "info" },
        "message": format!("{method} {path} {status}"),
        "service.name": "ecolaura-api",
        "event.dataset": "access",
        "event.module": "nginx",
        "event.kind": "event",
        "event.category": ["web"],
        "event.type": ["access"],
        "event.outcome": if failed { "failure" } else { "success" },
        "http.request.method": method,
        "http.request.body.bytes": case.body.len(),
        "http.response.status_code": status,
        "http.response.body.bytes": answer.body,
        "http.version": version,
        "url.path": path,
        "labels": { "endpoint": case.endpoint, "outcome": case.outcome },
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(fields[name], *value, "{name} of {}", case.head);
    }
    // 444 is no answer.
    assert!(
        answer.status == *status || *status == 444,
        "{}",
        answer.status
    );
    let others = [
        "@timestamp",
        "ecs.version",
        "event.duration",
        "trace.id",
        "span.id",
    ];
    let names: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
    let known = expected
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str());
    assert_eq!(names, known.chain(others).collect());
}

/// The line tells when it ended and how long it took, in UTC wherever nginx believes to be.
fn happened(fields: &Map<String, Value>, case: &Case, (before, started): (i64, Instant)) {
    const MILLISECOND: i64 = 1_000_000;
    let took = i64::try_from(started.elapsed().as_nanos()).expect("not for long");
    let time = fields["@timestamp"].as_str().expect("text");
    let ended = nanoseconds(time).expect("a time");
    // nginx cuts off what is below a millisecond, and looks at its clock when it wakes up.
    assert!(
        (before - 2 * MILLISECOND..=before + took).contains(&ended),
        "{time}"
    );
    let duration = fields["event.duration"].as_i64().expect("a number");
    let least = match case.path {
        "/late" => Duration::from_millis(119),
        "/later" => Duration::from_millis(1099),
        _ => Duration::ZERO,
    };
    let least = i64::try_from(least.as_nanos()).expect("not for long");
    assert!(
        (least..=took + MILLISECOND).contains(&duration),
        "{duration}: {took}"
    );
    assert_eq!(duration % MILLISECOND, 0);
}

/// Its trace and span are those of this `traceparent`.
fn is_trace(fields: &Map<String, Value>, traceparent: &str) {
    let parts: Vec<&str> = traceparent.split('-').collect();
    assert_eq!(fields["trace.id"], parts[1]);
    assert_eq!(fields["span.id"], parts[2]);
}

fn unix_nanoseconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_nanos()).expect("before 2262")
}
