//! A real nginx in front of a service: each request has one line in its access log that keeps to the contract, says what happened, and
//! names the trace that the service saw.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, Value, json};

use support::ecs::checked;
use support::nginx::Nginx;
use support::proxied::{CURRENT, SEEN, SEEN_STATE, behind_nginx};
use support::timestamp::nanoseconds;
use support::wire::{Answer, Wire};

const LOG: &str = include_str!("../../deploy/nginx/ecs-access-log.conf");

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
    let (mut nginx, _service) = behind_nginx("e2e_nginx", LOG).await;
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
    let (mut nginx, _service) = behind_nginx("e2e_nginx_traces", LOG).await;

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
async fn http_2_has_lines_as_well() {
    let (mut nginx, _service) = behind_nginx("e2e_nginx_http_2", LOG).await;
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
    let (mut nginx, _service) = behind_nginx("e2e_nginx_chosen", &chosen).await;
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
